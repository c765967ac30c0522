/**
 * Breaks exactly one constraint of valid parameters and says at which pointer they must be refused. It only proposes; the
 * validator says what a proposal breaks, and a proposal that breaks two things, or none, is dropped.
 */
import type { ErrorObject } from 'ajv/dist/2020.js'
import type { Descriptor, Document, JsonObject, Schema } from './document.ts'
import type { Generator } from './generator.ts'
import { proposals } from './proposals.ts'
import { isWrapper } from './repair.ts'
import {
  alternatives,
  assertions,
  fieldsOf,
  generalPath,
  pathOf,
  pointerOf,
  requiredOf,
  resolved,
  valuesAt,
} from './schema-walk.ts'
import { paramsSchema, type Schemas } from './schemas.ts'

export interface Mutation {
  readonly params: unknown
  /** Which constraint of the schema it breaks, as `sites` names it. */
  readonly site: string
  /** Any of these: a rule across fields may be told of any field that it names. */
  readonly pointers: readonly string[]
  /** False when others imply the constraint, so that it cannot be broken without them. */
  readonly alone: boolean
}

export interface Mutator {
  /** Each constraint that can be broken in these parameters, once; `asWell`: these even together with what implies them. */
  mutations(
    of: Descriptor,
    door: string,
    params: JsonObject,
    asWell?: ReadonlySet<string>,
  ): readonly Mutation[]
  /** Every constraint of the parameters: `place keyword`. */
  sites(of: Descriptor, door: string): ReadonlySet<string>
}

export function mutatorOf(document: Document, schemas: Schemas, generator: Generator): Mutator {
  const { $defs } = document
  return {
    mutations(of, door, params, left) {
      const errors = schemas.params(of, door)
      const schema = paramsSchema(of, door)
      const found = new Map<string, Mutation>()
      for (const proposed of proposals({ schema, $defs, generator, huge: left !== undefined }, params)) {
        const broken = errors(proposed).filter((error) => !isWrapper(error))
        const alone = broken.length === 1
        const pointers = broken.flatMap((error) => pointersOf(error, proposed))
        for (const site of broken.map((error) => siteOf(error, schema))) {
          if (found.has(site) || !(alone || left?.has(site) === true)) continue
          found.set(site, { params: proposed, site, pointers, alone })
        }
      }
      return [...found.values()]
    },
    sites(of, door) {
      const schema = paramsSchema(of, door)
      const closed = alternatives(schema, 'allOf').flatMap((rule) =>
        fieldsOf(rule).flatMap(([name, field]) => ((field as unknown) === false ? [`/${name} `] : [])),
      )
      const all = sitesOf(schema, '')
      // Of a field that the door closes nothing else can be broken.
      return new Set(
        all.filter((site) => site.endsWith('false schema') || !closed.some((at) => site.startsWith(at))),
      )
    },
  }

  function sitesOf(schema: Schema | boolean, at: string): readonly string[] {
    if (schema === false) return [`${at} false schema`]
    if (schema === true) return []
    const whole = resolved(schema, $defs)
    const own = assertions
      .filter((keyword) => whole[keyword] !== undefined)
      .flatMap((keyword) =>
        keyword === 'required'
          ? requiredOf(whole).map((name) => `${at}/${name} required`)
          : [`${at} ${keyword}`],
      )
    return [
      ...own,
      ...fieldsOf(whole).flatMap(([name, field]) => sitesOf(field, `${at}/${name}`)),
      ...fieldsOf(whole, 'patternProperties').flatMap(([, field]) => sitesOf(field, `${at}/*`)),
      ...(whole['items'] === undefined ? [] : sitesOf(whole['items'] as Schema, `${at}/*`)),
      // A condition demands nothing by itself.
      ...alternatives(whole, 'allOf').flatMap((each) => sitesOf((each['then'] ?? each) as Schema, at)),
    ]
  }

  function siteOf({ keyword, instancePath, params }: ErrorObject, schema: Schema): string {
    const missing = keyword === 'required' ? [String(params['missingProperty'])] : []
    return `${pointerOf(generalPath(schema, [...pathOf(instancePath), ...missing], $defs))} ${keyword}`
  }
}

function pointersOf(
  { keyword, instancePath, params, schema }: ErrorObject,
  value: unknown,
): readonly string[] {
  const at = (...steps: readonly (string | number)[]): string => `${instancePath}${pointerOf(steps)}`
  const items = (): readonly JsonObject[] =>
    (valuesAt(
      { value },
      `value${pathOf(instancePath)
        .map((step) => `/${step}`)
        .join('')}`,
    )[0] ?? []) as readonly JsonObject[]
  switch (keyword) {
    case 'required':
      return [at(String(params['missingProperty']))]
    case 'additionalProperties':
      return [at(String(params['additionalProperty']))]
    case 'oneOf':
      return (schema as readonly Schema[]).flatMap(requiredOf).map((name) => at(name))
    case 'not':
      return requiredOf(schema as Schema).map((name) => at(name))
    case 'x-uniqueBy': {
      const field = String(schema)
      const values = items().map((item) => item[field])
      return [
        at(
          values.findIndex((each, i) => values.indexOf(each) < i),
          field,
        ),
      ]
    }
    case 'x-sameBy': {
      const field = String(schema)
      return [
        at(
          items().findIndex((item) => item[field] !== items()[0]?.[field]),
          field,
        ),
      ]
    }
    default:
      return [instancePath]
  }
}
