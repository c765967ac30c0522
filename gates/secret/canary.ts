/** A secret in every form in which it could stand somewhere, and a search for many secrets in one pass over the bytes. */

/** Shorter forms would be found where nothing has leaked. */
const shortest = 8
/** A key of this length is lost with its half, too. */
const halvable = 40

export interface Secret {
  readonly name: string
  readonly forms: readonly Buffer[]
}

/**
 * @param kind `key`: a half of it is a leak, too, for instance in a message that was cut; `words`: only the whole is.
 * @param bytes what a text stands for, e.g. the 32 bytes of a key that is written in hex
 */
export function secretOf(name: string, text: string, kind: 'key' | 'words', bytes?: Uint8Array): Secret {
  const plain = Buffer.from(text)
  const middle = Math.floor(plain.length / 2)
  const halves =
    kind === 'key' && plain.length >= halvable ? [plain.subarray(0, middle), plain.subarray(middle)] : []
  const forms = [plain, ...halves].flatMap((part) => [part, ...escaped(part.toString()), ...ofBytes(part)])
  if (bytes !== undefined) forms.push(Buffer.from(bytes), ...ofBytes(bytes))
  const unique = new Map(forms.map((form) => [form.toString('latin1'), form]))
  if (plain.length < shortest) throw new RangeError(`${name} is too short to be looked for`)
  return { name, forms: [...unique.values()].filter((form) => form.length >= shortest) }
}

/** Hex, and base64 wherever in a longer text it begins, with and without padding, in both alphabets. */
function ofBytes(bytes: Uint8Array): Buffer[] {
  const hex = Buffer.from(bytes).toString('hex')
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    // The first and the last letters also depend on what stands before and after.
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
  const safe = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  return [hex, hex.toUpperCase(), ...base64, ...safe].map((text) => Buffer.from(text))
}

function escaped(text: string): Buffer[] {
  const json = JSON.stringify(text).slice(1, -1)
  const units = Array.from({ length: text.length }, (_, at) =>
    text.charCodeAt(at).toString(16).padStart(4, '0'),
  )
  const bytes = [...Buffer.from(text)].map((byte) => byte.toString(16).padStart(2, '0'))
  return [
    encodeURIComponent(text),
    encodeURI(text),
    ...[bytes, bytes.map((byte) => byte.toUpperCase())].map((all) => all.map((byte) => `%${byte}`).join('')),
    json,
    // JSON within JSON, and PHP's way with slashes.
    JSON.stringify(json).slice(1, -1),
    json.replaceAll('/', String.raw`\/`),
    ...[units, units.map((unit) => unit.toUpperCase())].map((all) =>
      all.map((unit) => String.raw`\u${unit}`).join(''),
    ),
  ].map((form) => Buffer.from(form))
}

/** @returns the names of the secrets that stand in the bytes */
export type Search = (bytes: Buffer) => readonly string[]

export function searchFor(secrets: readonly Secret[]): Search {
  // By how they begin: most places of a text are the beginning of nothing.
  const begins = new Uint8Array(65_536)
  const byStart = new Map<number, { name: string; form: Buffer }[]>()
  for (const { name, forms } of secrets) {
    for (const form of forms) {
      begins[form.readUInt16LE(0)] = 1
      const start = form.readUInt32LE(0)
      byStart.set(start, [...(byStart.get(start) ?? []), { name, form }])
    }
  }
  return (bytes) => {
    const found = new Set<string>()
    for (let at = 0; at + shortest <= bytes.length; at += 1) {
      if (begins[(bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)] === 0) continue
      for (const { name, form } of byStart.get(bytes.readUInt32LE(at)) ?? []) {
        if (form.equals(bytes.subarray(at, at + form.length))) found.add(name)
      }
    }
    return [...found]
  }
}
