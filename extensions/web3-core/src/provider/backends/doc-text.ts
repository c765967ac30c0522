/** Title and searchable text of a document. Every scan goes forward only: a hostile file costs its length, no more. */

export const defaultExtensions = [
  'md',
  'markdown',
  'mdx',
  'txt',
  'text',
  'rst',
  'adoc',
  'org',
  'html',
  'htm',
] as const

export interface DocText {
  /** The first heading. */
  readonly title: string | undefined
  readonly body: string
}

/** @returns undefined for what is not text (it has a NUL). */
export function docText(bytes: Uint8Array, extension: string): DocText | undefined {
  if (bytes.includes(0)) return undefined
  const text = new TextDecoder('utf-8').decode(bytes)
  if (extension === 'html' || extension === 'htm') return htmlText(text)
  return { title: firstHeading(text), body: text }
}

const maxTitle = 500
/** A heading is near the top, or it is not the document's. */
const maxHeadLines = 400

/** `# …` (Markdown), `= …` (AsciiDoc), `* …` is a list elsewhere so Org's is `#+title:`; or a line underlined with = or -. */
function firstHeading(text: string): string | undefined {
  const lines = text.slice(0, 65_536).split(/\r\n|\n|\r/, maxHeadLines)
  let fenced = false
  // YAML front matter has lines that look like text underlined with ---.
  const end = lines[0] === '---' ? lines.indexOf('---', 1) : -1
  for (let i = end + 1; i < lines.length; i++) {
    const line = (lines[i] ?? '').slice(0, maxTitle)
    if (/^ {0,3}(```|~~~)/.test(line)) fenced = !fenced
    if (fenced) continue
    const marked =
      /^(?:#{1,6}|={1,6})[ \t]+(\S.*)$/.exec(line)?.[1] ?? /^#\+title:[ \t]*(\S.*)$/i.exec(line)?.[1]
    if (marked !== undefined) return withoutClosingMarks(marked)
    if (/\S/.test(line) && /^(={3,}|-{3,})\s*$/.test((lines[i + 1] ?? '').slice(0, maxTitle)))
      return line.trim()
  }
  return undefined
}

/** `## Title ##` is `Title`; `# C#` keeps its last mark. */
function withoutClosingMarks(heading: string): string {
  const words = heading.trim().split(/[ \t]+/)
  const last = words.at(-1) ?? ''
  if (words.length > 1 && /^#+$/.test(last)) words.pop()
  return words.join(' ')
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  mdash: '—',
  ndash: '–',
  hellip: '…',
}

function htmlText(html: string): DocText {
  const body: string[] = []
  const titles: { title?: string; h1?: string } = {}
  let collecting: { tag: 'title' | 'h1'; from: number } | undefined
  for (let at = 0; at < html.length;) {
    const open = html.indexOf('<', at)
    if (open === -1) {
      body.push(html.slice(at))
      break
    }
    if (open > at) body.push(html.slice(at, open))
    if (html.startsWith('<!--', open)) {
      at = after(html, '-->', open + 4)
      continue
    }
    const tag = /^<(\/?)([a-z][a-z0-9]*)|^<[!?]/i.exec(html.slice(open, open + 32))
    if (tag === null) {
      body.push('<')
      at = open + 1
      continue
    }
    at = after(html, '>', open)
    const name = tag[2]?.toLowerCase()
    const closes = tag[1] === '/'
    if (!closes && (name === 'script' || name === 'style')) at = endOfElement(html, name, at)
    body.push(' ')
    if (closes && collecting !== undefined && name === collecting.tag) {
      titles[collecting.tag] = decoded(body.slice(collecting.from).join('')).trim()
      collecting = undefined
    } else if (!closes && (name === 'title' || name === 'h1') && titles[name] === undefined) {
      collecting = { tag: name, from: body.length }
    }
  }
  // The page's own heading says more than a <title> with the site's name in it.
  const title = titles.h1 || titles.title || undefined
  return { title, body: decoded(body.join('')) }
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found === -1 ? text.length : found + mark.length
}

function endOfElement(html: string, name: 'script' | 'style', from: number): number {
  const end = name === 'script' ? /<\/script/gi : /<\/style/gi
  end.lastIndex = from
  const found = end.exec(html)
  return found === null ? html.length : after(html, '>', found.index)
}

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return entities[name.toLowerCase()] ?? whole
    const code = typeof decimal === 'string' ? Number.parseInt(decimal, 10) : Number.parseInt(String(hex), 16)
    return code > 31 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : ' '
  })
}
