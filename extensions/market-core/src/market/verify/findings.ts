/** What does not hold, bounded: a store that is broken throughout must not fill the memory with words about it. */

/** A rule that does not hold, and the object that breaks it. */
export interface Finding {
  readonly rule: string
  readonly object: string
  readonly message: string
}

/** True when it holds, else what does not. Of a record it names ids, states and figures, nothing that may be private. */
export type Check<F> = (facts: F) => true | string

export interface Rule<F> {
  readonly name: string
  readonly check: Check<F>
}

export function rules<F>(named: Readonly<Record<string, Check<F>>>): readonly Rule<F>[] {
  return Object.entries(named).map(([name, check]) => ({ name, check }))
}

export const mostFindings = 200

export class Findings {
  readonly kept: Finding[] = []
  more = 0

  add(rule: string, object: string, message: string): void {
    if (this.kept.length < mostFindings) this.kept.push({ rule, object, message })
    else this.more++
  }

  /** A record of a shape that a rule does not expect is one more finding, and stops nothing. */
  apply<F>(all: readonly Rule<F>[], object: string, facts: F): void {
    for (const { name, check } of all) {
      let said: true | string
      try {
        said = check(facts)
      } catch {
        said = 'cannot be checked: a record is not of its shape'
      }
      if (said !== true) this.add(name, object, said)
    }
  }
}

type Figure = bigint | number | string | undefined

export function same(what: string, is: Figure, should: Figure): true | string {
  return is === should || `${what} is ${is ?? 'absent'}, should be ${should ?? 'absent'}`
}

/** The first check that does not hold. */
export function all(...said: readonly (true | string)[]): true | string {
  return said.find((each) => each !== true) ?? true
}

/** Whether two linked records say the same in these fields. */
export function agree<K extends string>(
  fields: readonly K[],
  is: { readonly [F in K]?: Figure },
  should: { readonly [F in K]?: Figure },
): true | string {
  for (const field of fields) if (is[field] !== should[field]) return same(field, is[field], should[field])
  return true
}

/** For a field that is there exactly when something is so. */
export function exactlyWhen(what: string, present: boolean, so: boolean, when: string): true | string {
  return present === so || `${what} is ${present ? 'there' : 'absent'}, and ${so ? '' : 'not '}${when}`
}
