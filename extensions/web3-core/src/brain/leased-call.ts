/**
 * One request of the host's model client, carried out by the first lease that answers. Until the first byte of an answer the
 * next lease is tried; from then on the bytes pass as they come, and a break is a break. Silence for too long is one, too.
 */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { MarketError } from '@openclaw-market/protocol/errors'
import { baseOf, type LeaseAnswer } from '../consumer/call-lease.ts'
import type { Claimed } from '../consumer/budget.ts'
import { claimedIn } from '../consumer/claimed.ts'
import { foreignFailure, unrepeated } from '../consumer/foreign-failure.ts'
import { neverSent } from '../consumer/never-sent.ts'
import { readBounded } from '../consumer/read-bounded.ts'
import type { Web3 } from '../plugin/web3.ts'
import { jsonOf } from '../provider/backends/json.ts'
import type { Standing } from './choice.ts'
import { silenceWatch, type SilenceWatch } from './silence.ts'
import type { Tap, Tapped } from './tap.ts'

export type Entry = LeaseAnswer['entry']

/** A call that a provider has answered with the first bytes of a stream. */
export interface Answered {
  readonly entry: Entry
  readonly requestId: string
  readonly response: Response
  readonly first: Uint8Array
  readonly rest: AsyncIterator<Uint8Array>
  readonly watch: SilenceWatch
}

export interface Failed {
  readonly entry: Entry
  readonly requestId: string
  readonly standing: Exclude<Standing, 'serving'>
  /** For how long it is not tried again. */
  readonly restMs: number
  /** Whether it may have been carried out, and billed, all the same. */
  readonly unknown: boolean
  /** What its provider, which has answered, says beside its refusal. */
  readonly claimed?: Claimed
}

const path = '/web3/resources/model/chat'
const maxFailureBytes = 64 * 1024
const short = 60_000
const long = 600_000

export async function tryLease(
  web3: Web3,
  entry: Entry,
  requestId: string,
  body: Buffer,
  signal: AbortSignal,
): Promise<Answered | Failed> {
  const failed = (standing: Failed['standing'], restMs: number, unknown: boolean): Failed => ({
    entry,
    requestId,
    standing,
    restMs,
    unknown,
  })
  const token = web3.vault().token(entry.leaseId)
  const watch = silenceWatch()
  const begin = async (): Promise<Answered | Failed> => {
    const response = await fetch(`${baseOf(web3, entry)}${path}`, {
      method: 'POST',
      redirect: 'error',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'x-openclaw-request-id': requestId,
      },
      body: new Uint8Array(body),
      signal: AbortSignal.any([signal, watch.signal]),
    })
    if (!response.ok) {
      const answer = await readBounded(response, maxFailureBytes).catch(() => Buffer.alloc(0))
      const failure = foreignFailure(unrepeated(jsonOf(answer.toString()), token))
      if (failure?.code === 'E_EXPIRED' || failure?.code === 'E_REVOKED') await close(web3, entry)
      const claimed = claimedIn(response.headers)
      return { ...failed('resting', short, true), ...meaningOf(failure, response.status), claimed }
    }
    const rest = (response.body ?? emptyBody())[Symbol.asyncIterator]()
    const first = await rest.next()
    if (first.done === true) return failed('unreachable', short, true)
    return { entry, requestId, response, first: first.value, rest, watch }
  }
  try {
    return await watch.within(web3.patience.firstByteMs, begin())
  } catch (error) {
    return failed('unreachable', short, !neverSent(error))
  }
}

function meaningOf(
  failure: MarketError | undefined,
  status: number,
): Pick<Failed, 'standing' | 'restMs' | 'unknown'> {
  const unknown = failure === undefined ? status >= 500 : failure.code === 'E_OUTCOME_UNKNOWN'
  switch (failure?.code) {
    case 'E_EXPIRED':
    case 'E_REVOKED':
      return { standing: 'over', restMs: long, unknown }
    case 'E_QUOTA_EXCEEDED':
      return { standing: 'spent', restMs: long, unknown }
    case 'E_RATE_LIMITED': {
      const seconds = failure.details?.['retryAfterSeconds']
      return { standing: 'resting', restMs: typeof seconds === 'number' ? seconds * 1_000 : short, unknown }
    }
    // It does not take what an agent sends, and will not next time.
    case 'E_FORBIDDEN':
    case 'E_INVALID_ARGUMENT':
    case 'E_PAYLOAD_TOO_LARGE':
      return { standing: 'resting', restMs: long, unknown }
    default:
      return { standing: 'unreachable', restMs: short, unknown }
  }
}

/** Hands the answer on as it comes. @returns what has passed; `whole: false` when it broke off or the client left. */
export async function passOn(
  { response: from, first, rest, watch }: Answered,
  to: ServerResponse,
  { reading, silenceMs }: { readonly reading: Tap; readonly silenceMs: number },
  signal: AbortSignal,
): Promise<Tapped> {
  const type = from.headers.get('content-type') ?? 'text/event-stream'
  to.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' })
  try {
    for (let bytes: Uint8Array | undefined = first; bytes !== undefined;) {
      reading.push(bytes)
      if (!to.write(bytes)) await once(to, 'drain', { signal })
      const next = await watch.within(silenceMs, rest.next())
      bytes = next.done === true ? undefined : next.value
    }
    to.end()
  } catch {
    // The provider broke or fell silent, or the client has gone: either way the answer ends here.
    to.destroy()
    await rest.return?.().catch(() => undefined)
  }
  return reading.end()
}

async function close(web3: Web3, { leaseId }: Entry): Promise<void> {
  await web3
    .vault()
    .close(leaseId)
    .catch((error: unknown) => web3.report('closing the vault entry of an ended lease', error))
}

function emptyBody(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() })
}
