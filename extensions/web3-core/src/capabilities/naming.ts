/** Names as the outside sees them. Code and texts use canonical names; a registry may show others. */
export interface Naming {
  /** The shown name of a canonical one. */
  shown(canonical: string): string
  /** A text or a JSON value with every `{{canonical}}` replaced by the shown name. */
  resolve<T>(value: T): T
}

export function naming(rename: (canonical: string) => string): Naming {
  const resolveText = (text: string): string =>
    text.replaceAll(/\{\{([^{}]+)\}\}/g, (_, name: string) => rename(name))
  const resolve = (value: unknown): unknown => {
    if (typeof value === 'string') return resolveText(value)
    if (Array.isArray(value)) return value.map(resolve)
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item)]))
    }
    return value
  }
  return { shown: rename, resolve: <T>(value: T) => resolve(value) as T }
}

export const canonicalNaming = naming((name) => name)
