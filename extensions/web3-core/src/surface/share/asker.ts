/** Questions at a terminal. They go to standard error, so that standard output has the answer of the command and nothing else. */
import { createInterface } from 'node:readline'

export interface Asker {
  /** @returns the line without its end; undefined when the input has ended */
  ask(question: string): Promise<string | undefined>
  say(text: string): void
  close(): void
}

export function asker(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Asker {
  const lines = createInterface({ input, output })
  // Whatever is typed ahead of its question is not lost, and the end of the input is an answer, too.
  const given = lines[Symbol.asyncIterator]()
  return {
    async ask(question) {
      lines.setPrompt(question)
      lines.prompt()
      const next = await given.next()
      if (next.done === true) output.write('\n')
      return next.done === true ? undefined : next.value.trim()
    },
    say: (text) => void output.write(`${text}\n`),
    close: () => lines.close(),
  }
}
