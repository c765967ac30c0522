/** How a change is written: JSON that a person can read. */
export type Change =
  | { readonly put: string; readonly key: string; readonly body: unknown }
  | { readonly remove: string; readonly key: string }

/** `body` is JSON text already. Names and keys are plain ASCII but may hold quotes. */
export function putText(collection: string, key: string, body: string): string {
  return `{"put":"${collection}","key":${JSON.stringify(key)},"body":${body}}`
}

export function removeText(collection: string, key: string): string {
  return `{"remove":"${collection}","key":${JSON.stringify(key)}}`
}
