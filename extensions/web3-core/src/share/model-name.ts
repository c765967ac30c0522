/** What a model is called outside, and what its name says of it. Servers name models by anything, paths of files included. */
import { plainLine } from '../provider/backends/plain-text.ts'

/** Its last part, without the ending of a file: a folder of this machine is nobody's business. */
export function labelOfModel(id: string): string {
  const path = /[\\/]/.test(id) && /^([\\/~.]|[A-Za-z]:)|\.gguf$/i.test(id)
  const last = path ? (id.split(/[\\/]/).findLast((part) => part !== '') ?? '') : id
  return plainLine(last.replace(/\.(gguf|bin|safetensors)$/i, ''), 80) || 'model'
}

/** Of letters, digits and `-`, as a backend is named. */
export function slugOf(...words: readonly string[]): string {
  const slug = words
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 56)
  return slug.replace(/-+$/, '') || 'shared'
}

/** The first of `name`, `name-2`, … that is free. */
export function freeName(wanted: string, taken: (name: string) => boolean): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}-${n}`
    if (!taken(name)) return name
  }
}

/** Billions of parameters: `3.2B`, `llama3.1:70b`, `mixtral-8x7b`, `gemma3:270m`. */
export function sizeInName(name: string): number | undefined {
  const found = /(?:^|[^a-z0-9.])(?:(\d{1,3})x)?(\d{1,4}(?:\.\d{1,3})?)([bm])(?![a-z0-9])/i.exec(name)
  if (found === null) return undefined
  const [, experts = '1', figure = '', unit = ''] = found
  const size = Number(experts) * Number(figure)
  return unit.toLowerCase() === 'b' ? size : size / 1_000
}
