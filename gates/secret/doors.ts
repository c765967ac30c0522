/** Every way in, as an owner, a leaseholder, a wallet or a person at the terminal; and all that came out is kept. */
import type { CliResult } from '../../scripts/gateway/gateway-process.ts'
import { isRecord, type JsonRecord } from '../../scripts/gateway/json-value.ts'
import type { Gateway } from '../../scripts/gateway/launch.ts'
import type { OperatorScope } from '../../scripts/gateway/rpc-client.ts'
import { evidence, type Evidence } from './evidence.ts'

export interface HttpRequest {
  /** GET without a body, else POST. */
  readonly path: string
  readonly token?: string
  readonly json?: unknown
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** What the place is called, when the path itself must not be: it holds a secret. */
  readonly called?: string
}

export interface Doors {
  readonly answers: readonly Evidence[]
  /** @returns the answer, or the error's envelope */
  rpc(method: string, params?: JsonRecord, scopes?: readonly OperatorScope[]): Promise<JsonRecord>
  tool(name: string, args: JsonRecord, scopes?: readonly OperatorScope[]): Promise<void>
  /** Through the listener and through the gateway. @returns the status of the second */
  http(request: HttpRequest): Promise<number>
  /** `POST /web3/api/…` through the listener. */
  api(method: string, params: JsonRecord, bearer?: string): Promise<JsonRecord>
  cli(args: readonly string[], stdin?: string): Promise<CliResult>
}

export function doorsOf(host: Gateway, listener: string): Doors {
  const answers: Evidence[] = []
  const keep = (place: string, what: unknown): void => void answers.push(evidence(place, what))
  return {
    answers,
    async rpc(method, params = {}, scopes) {
      const answer = await host.rpc(method, params, scopes === undefined ? {} : { scopes })
      keep(`rpc ${method} ${answer.ok ? 'ok' : answer.error.code}`, answer)
      const said = answer.ok ? answer.payload : answer.error.details
      return isRecord(said) ? said : {}
    },
    async tool(name, args, scopes) {
      const params = { name, args, sessionKey: 'agent:main:main' }
      const answer = await host.rpc('tools.invoke', params, scopes === undefined ? {} : { scopes })
      const said = JSON.stringify(answer)
      const called = /^web3\.[a-z]+\.\w+$/.exec(String(args['name']))?.[0]
      const outcome = said.includes(String.raw`{\"ok\":true`) ? 'ok' : 'refused'
      keep(`tool ${[name, called, outcome].filter(Boolean).join(' ')}`, said)
    },
    async http({ path, token, json, body, headers, called }) {
      const content = json === undefined ? body : JSON.stringify(json)
      const method = content === undefined ? 'GET' : 'POST'
      let status = 0
      for (const base of [listener, host.url]) {
        const response = await fetch(base + path, {
          method,
          headers: {
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(json === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(content === undefined ? {} : { body: content }),
        })
        // A stream that breaks is an answer, too.
        const said = await textOf(response)
        status = response.status
        const place = called ?? path.split('?', 1)[0]
        keep(`http ${method} ${place} ${status}`, JSON.stringify([...response.headers]) + said)
      }
      return status
    },
    async api(method, params, bearer) {
      const response = await fetch(`${listener}/web3/api/${method}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        },
        body: JSON.stringify(params),
      })
      const body: unknown = await response.json()
      keep(`api ${method} ${response.status}`, JSON.stringify([...response.headers]) + JSON.stringify(body))
      return isRecord(body) ? body : {}
    },
    async cli(args, stdin) {
      const result = await host.openclaw(args, stdin === undefined ? {} : { stdin })
      const words = args.filter((arg) => /^[a-z0-9]+$/.test(arg)).join(' ')
      keep(`cli ${words}: stdout`, result.stdout)
      keep(`cli ${words}: stderr`, result.stderr)
      return result
    },
  }
}

async function textOf(response: Response): Promise<string> {
  let said = ''
  const decoder = new TextDecoder()
  try {
    for await (const part of response.body ?? []) said += decoder.decode(part, { stream: true })
  } catch {
    said += ' (broken)'
  }
  return said
}
