import type { Static, TObject, TProperties } from '@sinclair/typebox'
import { closed } from '../schema/scalars.ts'

/** The schema of an entity as an answer shows it: without its revision and its secrets. */
export function shown<P extends TProperties, const H extends readonly (keyof P & string)[]>(
  schema: TObject<P>,
  hidden: H,
): TObject<Omit<P, H[number]>> {
  const rest = Object.entries(schema.properties).filter(([name]) => !hidden.some((h) => h === name))
  return closed(Object.fromEntries(rest)) as unknown as TObject<Omit<P, H[number]>>
}

export function show<S extends TObject, const H extends readonly (keyof Static<S> & string)[]>(
  entity: Static<S>,
  _schema: S,
  hidden: H,
): Omit<Static<S>, H[number]> {
  const rest = Object.entries(entity as object).filter(([name]) => !hidden.some((h) => h === name))
  return Object.fromEntries(rest) as Omit<Static<S>, H[number]>
}
