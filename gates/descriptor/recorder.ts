/** Who reads what of a document: a view of it that notes the path of every field that is looked at. */
export interface Recorder<T> {
  readonly view: T
  /** Paths with `*` for items and for names that are data. */
  readonly seen: ReadonlySet<string>
}

/** @param fields what counts as a field; anything else below `*` or below a field is data and is not followed */
export function recorded<T extends object>(document: T, fields: ReadonlySet<string>): Recorder<T> {
  const seen = new Set<string>()
  const views = new WeakMap<object, unknown>()
  const viewOf = (value: unknown, path: string): unknown => {
    if (value === null || typeof value !== 'object') return value
    const known = views.get(value)
    if (known !== undefined) return known
    const made = new Proxy(value, {
      get(target, key, receiver) {
        const found: unknown = Reflect.get(target, key, receiver)
        if (typeof key === 'symbol' || typeof found === 'function') return found
        const at = [`${path}/${key}`, `${path}/*`].find((each) => fields.has(each))
        if (at === undefined) return found
        seen.add(at)
        return viewOf(found, at)
      },
    })
    views.set(value, made)
    return made
  }
  return { view: viewOf(document, '') as T, seen }
}

/** Every field that the schema of a document has, as the paths that a recorder notes. */
export function fieldsIn(
  schema: unknown,
  $defs: Readonly<Record<string, unknown>>,
  path = '',
): readonly string[] {
  const { $ref, properties, items, patternProperties, additionalProperties } = schema as {
    $ref?: string
    properties?: Readonly<Record<string, unknown>>
    items?: unknown
    patternProperties?: Readonly<Record<string, unknown>>
    additionalProperties?: unknown
  }
  const within = (at: string, child: unknown): readonly string[] => [at, ...fieldsIn(child, $defs, at)]
  return [
    ...($ref === undefined ? [] : fieldsIn($defs[$ref.slice('#/$defs/'.length)], $defs, path)),
    ...Object.entries(properties ?? {}).flatMap(([name, child]) => within(`${path}/${name}`, child)),
    ...(items === undefined ? [] : within(`${path}/*`, items)),
    ...Object.values(patternProperties ?? {}).flatMap((child) => within(`${path}/*`, child)),
    ...(typeof additionalProperties === 'object' ? within(`${path}/*`, additionalProperties) : []),
  ]
}
