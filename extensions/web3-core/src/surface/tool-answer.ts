/**
 * The host shows a model so much of one tool result and cuts the rest off without a word. An answer that is larger says so
 * itself, and how to ask for less; what was done stays done, so it is no failure.
 */
import type { Envelope } from '@openclaw-market/protocol/errors'

/** Of the 32,000 characters that the host shows, with room for what it adds. */
export const mostCharacters = 30_000
/** How much of a larger answer is shown, as the JSON text that it is. */
const shownCharacters = 20_000

export function withinLimit(envelope: Envelope, narrow: string): Envelope {
  const text = JSON.stringify(envelope)
  if (text.length <= mostCharacters || !envelope.ok) return envelope
  return {
    ok: true,
    tooLarge: {
      characters: text.length,
      most: mostCharacters,
      hint: `The call was carried out; its answer is too large to be shown whole. ${narrow}`,
    },
    beginning: beginningOf(text),
  }
}

/** Escaped once more it must still be within the limit, and not end in half a character. */
function beginningOf(text: string): string {
  let length = shownCharacters
  while (JSON.stringify(text.slice(0, length)).length > mostCharacters - 1_000)
    length = Math.floor(length / 2)
  const beginning = text.slice(0, length)
  return beginning.isWellFormed() ? beginning : beginning.slice(0, -1)
}
