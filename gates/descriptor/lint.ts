/** A score for each descriptor, 0 to 100, with what was taken off and why: whether its prose is worth reading. */
import type { Descriptor, Document, Schema } from './document.ts'
import { fieldsOf, resolved } from './schema-walk.ts'

export interface Deduction {
  readonly name: string
  readonly points: number
}

export interface Score {
  readonly name: string
  readonly score: number
  readonly deductions: readonly Deduction[]
}

export function scoresOf(document: Document): readonly Score[] {
  return document.capabilities.map((each) => {
    const deductions = [
      ...purpose(each),
      ...cost(each),
      ...errors(document, each),
      ...answer(document, each),
      ...around(document, each),
    ]
    const taken = deductions.reduce((sum, { points }) => sum + points, 0)
    return { name: each.name, score: Math.max(0, 100 - taken), deductions }
  })
}

const vague = /\b(stuff|things?|various|etc|handles?|manages?|some(how|thing)|misc|and so on|TODO)\b/i
const longest = 260

function off(points: number, name: string, is: boolean): readonly Deduction[] {
  return is ? [{ name, points }] : []
}

function words(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length
}

function purpose({ summary, whenToUse, whenNotToUse, name }: Descriptor): readonly Deduction[] {
  const texts = [summary, whenToUse, whenNotToUse]
  return [
    ...off(20, 'the purpose is not said in a sentence', words(summary) < 4 || !/[.]$/.test(summary)),
    ...off(20, 'when to use is not said', words(whenToUse) < 4),
    ...off(20, 'when not to use is not said', words(whenNotToUse) < 4),
    ...off(20, 'when to use and when not are the same', whenToUse === whenNotToUse || whenToUse === summary),
    ...off(
      10,
      'the purpose is vague',
      texts.some((text) => vague.test(text)),
    ),
    ...off(
      10,
      'the purpose only repeats the name',
      words(summary) < 8 && name.split('.').every((part) => summary.includes(part)),
    ),
    ...off(
      5,
      'too long to be read',
      texts.some((text) => text.length > longest),
    ),
  ]
}

function cost({ pricing, prerequisites, effects, risk }: Descriptor): readonly Deduction[] {
  const { charge, units = [], upperBound = '' } = pricing
  const of = prerequisites.find(({ kind, param }) => kind !== undefined && param !== undefined)
  return [
    ...off(25, 'it costs, and not how much at most', charge !== 'none' && words(upperBound) < 1),
    ...off(20, 'it charges a lease, and not for which units', charge === 'lease' && units.length === 0),
    ...off(20, 'it charges nothing, by units', charge === 'none' && units.length > 0),
    ...off(
      30,
      'it charges a lease that it does not use',
      charge === 'lease' && !effects.some((effect) => effect.kind === of?.kind && effect.param === of?.param),
    ),
    ...off(
      30,
      'it locks money that nothing asks for',
      charge === 'lock' &&
        !prerequisites.some(({ param = '' }) => param !== '' && upperBound.includes(param)),
    ),
    ...off(
      15,
      'a risk, and not who learns what',
      !['none', 'low'].includes(risk.level) && words(risk.discloses ?? '') < 3,
    ),
    ...off(
      15,
      'it spends or locks and says that there is no risk',
      charge !== 'none' && risk.level === 'none',
    ),
  ]
}

function errors({ everyCall, retry }: Document, { errors }: Descriptor): readonly Deduction[] {
  const usual = new Set([...Object.values(everyCall.anyDoor), ...Object.values(everyCall.api)])
  const after = new Set(retry['after-fix'] ?? [])
  return Object.entries(errors).flatMap(([code, meaning]) => [
    ...off(10, `${code} is hardly explained`, words(meaning) < 4),
    ...off(
      10,
      `${code} says only that something failed`,
      /^(an? )?(error|failure|failed|invalid)\b/i.test(meaning),
    ),
    ...off(10, `${code} repeats what every call says`, usual.has(meaning)),
    ...off(10, `${code} explains a code by a code`, /\bE_[A-Z]/.test(meaning)),
    ...off(10, `${code} can be mended, and it does not say what`, after.has(code) && words(meaning) < 5),
    ...off(5, `${code} is too long to be read`, meaning.length > longest),
  ])
}

function answer({ $defs }: Document, { returns }: Descriptor): readonly Deduction[] {
  const names = namesIn(returns.schema ?? {}, $defs)
  const said = new Set(returns.meaning.split(/[^$\w]+/))
  return [
    ...off(10, 'what comes back is not explained', words(returns.meaning) < 4),
    ...off(10, 'the explanation names no field of the answer', ![...names].some((name) => said.has(name))),
  ]
}

function around(
  { predicates }: Document,
  { prerequisites, effects, next }: Descriptor,
): readonly Deduction[] {
  const used = [...prerequisites, ...effects].map(({ is }) => predicates[is])
  return [
    ...off(
      20,
      'a predicate without a meaning',
      used.some((each) => each === undefined || words(each.means) < 5),
    ),
    ...off(
      20,
      'a prerequisite that nobody brings about',
      prerequisites.some(
        ({ is }) => predicates[is]?.obtainedBy.length === 0 && !/operator/.test(predicates[is].means),
      ),
    ),
    ...off(
      5,
      'what comes next, and not when',
      next.some(({ when }) => words(when) < 2),
    ),
  ]
}

function namesIn(schema: Schema, $defs: Document['$defs'], depth = 0): ReadonlySet<string> {
  if (depth > 6) return new Set()
  const whole = resolved(schema, $defs)
  const children = [...fieldsOf(whole).map(([, field]) => field), whole['items'] as Schema | undefined]
  return new Set([
    ...fieldsOf(whole).map(([name]) => name),
    ...children.flatMap((child) => (child === undefined ? [] : [...namesIn(child, $defs, depth + 1)])),
  ])
}
