/**
 * Server-sent events, read as they arrive (WHATWG HTML §9.2.6): any split of the bytes gives the same events. Only the
 * data matters here. Two leniences for servers that are sloppy at the end: see `finish`.
 */
export interface SseBounds {
  /** Longest line and longest data of one event, in UTF-16 units. */
  readonly maxEvent: number
}

export class SseTooLong extends Error {
  override readonly name = 'SseTooLong'
}

export class SseParser {
  readonly #decoder = new TextDecoder('utf-8')
  readonly #maxEvent: number
  /** Text after the last line end. */
  #rest = ''
  /** The last text ended in CR: a LF at the start of the next belongs to it. */
  #afterCr = false
  #data: string[] = []
  #dataLength = 0

  constructor(bounds: SseBounds) {
    this.#maxEvent = bounds.maxEvent
  }

  /** The data of the events that these bytes complete. @throws SseTooLong */
  push(bytes: Uint8Array): string[] {
    return this.#take(this.#decoder.decode(bytes, { stream: true }))
  }

  /** What is left at the end of the stream: an event without its empty line, as some servers leave their `[DONE]`. */
  finish(): string[] {
    return this.#take(`${this.#decoder.decode()}\n\n`)
  }

  #take(text: string): string[] {
    if (text === '') return []
    const events: string[] = []
    let start = this.#afterCr && text.startsWith('\n') ? 1 : 0
    this.#afterCr = text.endsWith('\r')
    const lineEnd = /\r\n|\n|\r/g
    lineEnd.lastIndex = start
    for (let end = lineEnd.exec(text); end !== null; end = lineEnd.exec(text)) {
      const line = this.#rest + text.slice(start, end.index)
      this.#rest = ''
      start = lineEnd.lastIndex
      const event = this.#line(line)
      if (event !== undefined) events.push(event)
    }
    this.#rest += text.slice(start)
    this.#bound(this.#rest.length)
    return events
  }

  #line(line: string): string | undefined {
    this.#bound(line.length)
    if (line === '') {
      if (this.#data.length === 0) return undefined
      const event = this.#data.join('\n')
      this.#data = []
      this.#dataLength = 0
      return event
    }
    // `data:` with at most one space taken off; a comment starts with the colon; event, id and retry mean nothing here.
    if (line === 'data') this.#add('')
    else if (line.startsWith('data:')) this.#add(line.slice(line.startsWith('data: ') ? 6 : 5))
    return undefined
  }

  #add(data: string): void {
    this.#data.push(data)
    this.#dataLength += data.length + 1
    this.#bound(this.#dataLength)
  }

  #bound(length: number): void {
    if (length > this.#maxEvent) throw new SseTooLong('an event of the stream is too long')
  }
}
