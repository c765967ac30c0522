import { FormatRegistry } from '@sinclair/typebox'
import { isAddress } from 'viem/utils'

const isoUtc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/

/** `Date.parse` reads 30 February as 2 March; a day that does not come back as it was written is none. */
function isMoment(text: string): boolean {
  if (!isoUtc.test(text)) return false
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 19) === text.slice(0, 19)
}

/** Registers the string formats that our schemas use. Idempotent; imported by every schema file through `scalars`. */
FormatRegistry.Set('base-units', (value) => /^(0|[1-9][0-9]{0,38})$/.test(value))
FormatRegistry.Set('running-total', (value) => /^(0|[1-9][0-9]{0,77})$/.test(value))
FormatRegistry.Set('date-time', isMoment)
FormatRegistry.Set('well-formed', (value) => value.isWellFormed())
// viem remembers what it is asked, whatever its length: what cannot be an address is not asked about.
FormatRegistry.Set('evm-address', (value) => value.length === 42 && isAddress(value, { strict: true }))
FormatRegistry.Set('evm-signature', (value) => /^0x([0-9a-fA-F]{2}){1,4096}$/.test(value))
