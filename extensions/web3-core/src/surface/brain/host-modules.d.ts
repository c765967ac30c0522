/**
 * Two modules of the host's SDK that are documented and come without types. The types of a stream are read off what a
 * provider registers: the SDK exports them nowhere else.
 */
declare module 'openclaw/plugin-sdk/llm' {
  import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'

  type CreateStream = NonNullable<Parameters<OpenClawPluginApi['registerProvider']>[0]['createStreamFn']>
  export type StreamFacts = Parameters<CreateStream>[0]
  export type StreamFn = NonNullable<ReturnType<CreateStream>>
  export type Model = Parameters<StreamFn>[0]
  export type Context = Parameters<StreamFn>[1]
  export type Options = NonNullable<Parameters<StreamFn>[2]>
  export type EventStream = Awaited<ReturnType<StreamFn>>
  export type StreamEvent = EventStream extends AsyncIterable<infer E> ? E : never
  export type AssistantMessage = Awaited<ReturnType<EventStream['result']>>

  /** A stream that events can be put into. */
  export interface OpenStream extends EventStream {
    push(event: StreamEvent): void
    end(message?: AssistantMessage): void
  }
  export function createAssistantMessageEventStream(): OpenStream
  /** Speaks the protocol of `model.api` with `model.baseUrl`. A failure is its last event; it never throws. */
  export const streamSimple: StreamFn
}

declare module 'openclaw/plugin-sdk/simple-completion-runtime' {
  import type { AssistantMessage, Context, Model, Options, StreamFacts } from 'openclaw/plugin-sdk/llm'

  export interface Prepared {
    readonly model: Model
    readonly auth: object
  }
  export function prepareSimpleCompletionModelForAgent(of: {
    readonly cfg: StreamFacts['config']
    readonly agentId?: string
    readonly agentDir?: string
    /** `provider/model` */
    readonly modelRef: string
    readonly signal?: AbortSignal
  }): Promise<Prepared | { readonly error: string }>
  export function completeWithPreparedSimpleCompletionModel(
    of: Prepared & {
      readonly cfg: StreamFacts['config']
      readonly context: Context
      readonly options: Partial<
        Pick<Options, 'signal' | 'maxTokens' | 'temperature' | 'sessionId' | 'reasoning'>
      >
    },
  ): Promise<AssistantMessage>
}
