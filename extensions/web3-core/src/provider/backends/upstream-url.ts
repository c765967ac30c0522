/** Base URLs of local config. Any address is allowed, loopback too: the provider named it, no caller can. */

/** What is wrong with a base URL, or undefined. */
export function baseUrlProblem(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null) return 'is not a URL'
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'is neither http nor https'
  if (url.username !== '' || url.password !== '') return 'carries a user or password; name a key file instead'
  if (url.search !== '' || url.hash !== '') return 'carries a query or fragment'
  return undefined
}

/** `path` below `baseUrl`, whether or not that ends in a slash. */
export function endpoint(baseUrl: string, path: string): URL {
  return new URL(path, baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`)
}
