import type { Static } from '@sinclair/typebox'
import { canonicalJson } from '../canonical.ts'
import { EventSchema, type Event } from '../entities/records.ts'
import { codec } from '../schema/codec.ts'
import { show, shown } from './hide.ts'

export const EventView = shown(EventSchema, ['rev'])
export type EventView = Static<typeof EventView>

export function showEvent(event: Event): EventView {
  return show(event, EventSchema, ['rev'])
}

/** The leaf of the log that an event is: RFC 8785 JSON of the event as it is shown. */
export function canonicalEvent(event: Event): string {
  return canonicalJson(codec(EventView).encode(showEvent(event)))
}
