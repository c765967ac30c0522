import type { Reads } from './past.ts'

const longestMs = 100

/** Reads that leave four fifths of the time to others: after each it rests for four times as long as it took. */
export function resting(read: Reads): Reads {
  let rest = 1
  return async (fn) => {
    await new Promise((done) => setTimeout(done, rest).unref())
    const began = performance.now()
    const answer = await read(fn)
    rest = Math.min((performance.now() - began) * 4, longestMs)
    return answer
  }
}
