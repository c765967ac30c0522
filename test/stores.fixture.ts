/** On which stores a whole gateway is driven: `npm test` takes one where a boot is dear, the soak takes each. */
export const everyStore = ['sqlite', 'file'] as const
export type Store = (typeof everyStore)[number]

export function storesOr(one: Store): readonly Store[] {
  return process.env['GATES'] === 'soak' ? everyStore : [one]
}
