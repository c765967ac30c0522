/** What the document promises of every call, whatever the parameters are. */
import { codesOf, type Answer, type Descriptor, type Document, type JsonObject } from './document.ts'
import type { Schemas } from './schemas.ts'

export interface Law {
  /** What an answer to parameters that the schema allows breaks of the promises; empty when nothing. */
  breaches(of: Descriptor, door: string, params: JsonObject, answer: Answer): readonly string[]
  /** The same of parameters that it refuses. @param pointers any of which must come back */
  breachesOfRefusal(
    of: Descriptor,
    door: string,
    pointers: readonly string[],
    answer: Answer,
  ): readonly string[]
}

export function lawOf(document: Document, schemas: Schemas): Law {
  const refusal = (of: Descriptor, door: string, { error = '', message, hint }: Answer): string[] => {
    const classes = Object.values(document.retry).filter((codes) => codes.includes(error))
    return [
      ...(codesOf(document, of, door).has(error) ? [] : [`ends in ${error}, which it does not declare`]),
      ...(classes.length === 1 ? [] : [`${error} has ${classes.length} retry classes`]),
      // Declared of every call, as what it is.
      ...(error === 'E_INTERNAL' ? ['fails by a defect'] : []),
      ...((message ?? '') === '' ? [`${error} comes without a message`] : []),
      ...((hint ?? '') === '' ? [`${error} comes without a hint`] : []),
    ]
  }
  return {
    breaches(of, door, params, answer) {
      const invalid = schemas.params(of, door)(params)
      if (invalid.length > 0) throw new Error(`${of.name}: not valid: ${JSON.stringify(invalid[0]?.message)}`)
      if (!answer.ok) {
        const own = answer.error !== 'E_INVALID_ARGUMENT' || Object.hasOwn(of.errors, answer.error)
        return [...refusal(of, door, answer), ...(own ? [] : ['refuses as malformed what its schema allows'])]
      }
      const { ok: _ok, ...result } = answer
      const wrong = schemas.result(of)(result)[0]
      return [
        ...(wrong === undefined
          ? []
          : [`answers against its schema: ${wrong.instancePath} ${wrong.message}`]),
        ...outlineBreaches(document, of, result),
      ]
    },
    breachesOfRefusal(of, door, pointers, answer) {
      if (answer.ok) return ['takes what its schema refuses']
      const pointer = answer.details?.['pointer']
      return [
        ...refusal(of, door, answer),
        ...(answer.error === 'E_INVALID_ARGUMENT' ? [] : [`is ${answer.error} and not E_INVALID_ARGUMENT`]),
        ...(typeof pointer === 'string' && pointers.includes(pointer)
          ? []
          : [`points at ${JSON.stringify(pointer)} and not at ${pointers.join(' or ')}`]),
      ]
    },
  }
}

/** Fields that the outline does not have, and those that it has and that are missing. */
function outlineBreaches(
  { shapes }: Document,
  { name, returns }: Descriptor,
  result: unknown,
): readonly string[] {
  const against = (outline: string, value: unknown, at: string): readonly string[] => {
    if (Array.isArray(value)) return value.flatMap((item) => against(outline, item, at))
    const fields = value as JsonObject
    const outlined = expanded(outline)
    return [
      ...Object.keys(fields)
        .filter((field) => !outlined.some((each) => each.name === field))
        .map((field) => `answers with ${at}${field}, which its outline has not`),
      ...outlined.flatMap((each) => {
        const found = fields[each.name]
        if (found === undefined) return each.optional ? [] : [`answers without ${at}${each.name}`]
        return each.within === undefined ? [] : against(each.within, found, `${at}${each.name}/`)
      }),
    ]
  }
  const expanded = (outline: string): readonly Outlined[] =>
    parts(outline).flatMap((part) => {
      if (part.startsWith('+')) return expanded(shapes[part.slice(1)] ?? '')
      const [, field = '', optional, within] = /^([$\w-]+)(\?)?(?:\[\])*(?: \{ (.*) \})?$/.exec(part) ?? []
      if (field === '') throw new Error(`the outline of ${name} cannot be read: ${part}`)
      return [{ name: field, optional: optional === '?', within }]
    })
  return against(returns.fields, result, '')
}

interface Outlined {
  readonly name: string
  readonly optional: boolean
  readonly within: string | undefined
}

/** `a, b[] { c, d }, e` is a, b[] { c, d }, e. */
function parts(outline: string): readonly string[] {
  const found: string[] = []
  let depth = 0
  let part = ''
  for (const letter of `${outline},`) {
    if (letter === ',' && depth === 0) {
      if (part.trim() !== '') found.push(part.trim())
      part = ''
      continue
    }
    if (letter === '{') depth++
    if (letter === '}') depth--
    part += letter
  }
  return found
}
