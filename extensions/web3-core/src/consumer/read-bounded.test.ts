import { expect, it } from 'vitest'
import { readBounded } from './read-bounded.ts'

it('reads a body up to its bound, and no more of a larger one', async () => {
  let pulled = 0
  const body = () =>
    new Response(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled += 1
          controller.enqueue(new Uint8Array(1_000))
          if (pulled === 100) controller.close()
        },
      }),
    )
  await expect(readBounded(body(), 10_000)).rejects.toThrow(RangeError)
  expect(pulled).toBeLessThan(20)
  pulled = 0
  expect(await readBounded(body(), 100_000)).toHaveLength(100_000)
})
