import type { AdmittedCall } from '@openclaw-market/market-core'
import { isMarketError, type MarketError } from '@openclaw-market/protocol/errors'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import { openAiError } from './answer.ts'
import { callerLeft } from './call-stop.ts'
import { budgetOf, openAiUsage } from './chat-usage.ts'
import type { Serving } from './environment.ts'
import type { EventSink } from './event-sink.ts'
import type { Exchange, StreamJob } from './exchange.ts'
import { outcomeUnknown, publicError } from './faults.ts'
import type { StreamEnding } from './forward-stream.ts'
import type { Begun } from './stream-call.ts'
import type { StreamMeter } from './stream-meter.ts'
import { finish } from './whole-call.ts'

interface Streamed {
  readonly call: AdmittedCall
  readonly job: StreamJob
  readonly begun: Begun
  readonly sink: EventSink
  readonly meter: StreamMeter
  readonly end: StreamEnding
}

/** Bills what was delivered and says the last word. @throws MarketError E_OUTCOME_UNKNOWN, after saying that instead. */
export async function closeStream(serving: Serving, exchange: Exchange, streamed: Streamed): Promise<void> {
  const { call, job, begun, sink, meter, end } = streamed
  const claimed = begun.answer.end().usage
  const failure = failureOf(end, serving)
  const complete = failure === undefined
  const metered = meter.usage(claimed)
  // A stream that ended before it said anything delivered nothing; an answer may be empty and whole.
  const usage: UnitTotals = complete || meter.bytes() > 0 ? { ...metered } : {}
  await meter.settled()
  const outcome = complete ? 'done' : 'failed'
  const bill = await finish(serving, call, { usage, outcome, responseHash: sink.hash() }).catch(
    (error: unknown) => {
      sink.send(JSON.stringify({ error: openAiError(isMarketError(error) ? error : outcomeUnknown()) }))
      sink.end()
      throw error
    },
  )
  const finishReason = 'finish' in end ? end.finish : undefined
  const { granted } = call
  const budget = budgetOf({
    cut: end.how === 'cut',
    finish: finishReason,
    granted,
    most: job.demand.stretch.most,
  })
  const openclaw = {
    cost: bill.cost.toString(),
    currency: exchange.lease.currency,
    seq: bill.seq,
    budget,
    outcome,
  }
  if (complete) {
    sink.send(
      JSON.stringify({ ...usageChunk(begun, job, finishReason), usage: openAiUsage(metered), openclaw }),
    )
    sink.send('[DONE]')
  } else {
    sink.send(JSON.stringify({ error: openAiError(failure), openclaw }))
  }
  sink.end()
}

function failureOf(end: StreamEnding, { report }: Serving): MarketError | undefined {
  switch (end.how) {
    case 'whole':
    case 'cut':
      return undefined
    case 'left':
      return callerLeft()
    case 'broken':
      return publicError(end.error, 'a leased stream', report)
  }
}

/** OpenAI's has no choice; a client that did not ask for it may look for one, and finds an empty delta. */
function usageChunk({ first }: Begun, { includeUsage }: StreamJob, finish: string | undefined): object {
  const { id, object, created, model } = first.done === true ? {} : first.value
  const choices = includeUsage ? [] : [{ index: 0, delta: {}, finish_reason: finish ?? null }]
  return { id, object, created, model, choices }
}
