/** The paging part of a store query. */
export function page(limit: number, cursor: string | undefined): { limit: number; cursor?: string } {
  return cursor === undefined ? { limit } : { limit, cursor }
}

/** The paging part of a list's answer. */
export function next(listed: { readonly nextCursor?: string }): { nextCursor?: string } {
  return listed.nextCursor === undefined ? {} : { nextCursor: listed.nextCursor }
}

/** Keeps the fields that are there, so that an absent parameter is no condition. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
