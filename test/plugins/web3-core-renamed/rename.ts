import { createHash } from 'node:crypto'

/** A name of the same form that says nothing: a group and a verb of letters that follow from seed and name. */
export function renaming(seed: string): (canonical: string) => string {
  return (canonical) => {
    const hex = createHash('sha256').update(`${seed}/${canonical}`).digest('hex')
    const letters = hex.replaceAll(/[0-9]/g, (digit) => 'ghijklmnop'.charAt(Number(digit)))
    return `${letters.slice(0, 6)}.${letters.slice(6, 14)}`
  }
}
