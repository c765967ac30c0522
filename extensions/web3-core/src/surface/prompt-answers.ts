/**
 * Answers to the host's prompts that are being written down. The host lets the tool run at once and does not wait for us, and
 * what has just been approved must not be refused because its approval is still on its way.
 */
const underWay = new Set<Promise<void>>()

export function beingWritten(answer: Promise<void>): Promise<void> {
  underWay.add(answer)
  return answer.finally(() => underWay.delete(answer))
}

export async function answersWritten(): Promise<void> {
  await Promise.allSettled(underWay)
}
