/** What a person may say to `npm start`, and what it answers to anything else. */

export interface StartArguments {
  /** Ends after the loop. */
  readonly once: boolean
  /** Standard output carries one JSON object, as its last line. */
  readonly json: boolean
  readonly store: 'sqlite' | 'file'
  /** The bundled demo model, whatever else there is. */
  readonly demo: boolean
}

/** Text for the terminal instead of a run. */
export interface Notice {
  readonly text: string
  readonly exitCode: 0 | 2
}

const stores = ['sqlite', 'file'] as const

export const help = `npm start -- [--once] [--json] [--store sqlite|file] [--demo]

Boots a real OpenClaw gateway with both plugins on 127.0.0.1, in a temporary directory of its own, and does the main job:
a provider publishes a search, a storage and a model; an outside wallet leases, calls and pays for each; the books are
recounted from the raw files.

  --once     ends after that; without it the market stays up, and says what to try next
  --json     standard output is one JSON object on the last line; progress goes to standard error
  --store    where the market keeps its books: sqlite (default) or file
  --demo     the bundled demo model, even where another could be used

The model is the one at OPENAI_BASE_URL (with OPENAI_API_KEY and OPENAI_MODEL), else a local Ollama, else a small demo
server that says what it is. Exit code 0: everything holds. 1: something does not. 2: wrong arguments.`

export function readArguments(args: readonly string[]): StartArguments | Notice {
  const given = { once: false, json: false, demo: false, store: 'sqlite' as StartArguments['store'] }
  for (let i = 0; i < args.length; i += 1) {
    const [name, inline] = splitOnce(args[i] ?? '')
    if (name === '--help' || name === '-h') return { text: help, exitCode: 0 }
    if (name === '--once' || name === '--json' || name === '--demo') {
      if (inline !== undefined) return wrong(`${name} takes no value, and "${inline}" was given.`)
      given[name.slice(2) as 'once' | 'json' | 'demo'] = true
    } else if (name === '--store') {
      const value = inline ?? args[(i += 1)]
      const store = stores.find((each) => each === value)
      if (store === undefined) {
        return wrong(
          `--store is ${value === undefined ? 'empty' : `"${value}"`}. Say --store ${stores.join(' or --store ')}.`,
        )
      }
      given.store = store
    } else {
      return wrong(`"${args[i]}" is no argument of npm start.`)
    }
  }
  return given
}

function splitOnce(argument: string): [name: string, value?: string] {
  const at = argument.indexOf('=')
  return at === -1 ? [argument] : [argument.slice(0, at), argument.slice(at + 1)]
}

function wrong(problem: string): Notice {
  return { text: `${problem} What there is: npm start -- --help`, exitCode: 2 }
}
