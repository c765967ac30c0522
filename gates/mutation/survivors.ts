/** Changes that no test can notice, and why: `npm run soak -- mutation` puts them into its report. */
export const explanations: readonly Explanation[] = [
  {
    line: '_split(order, id, state, msg.sender, total > state.paid ? total - state.paid : 0);',
    becomes: '_split(order, id, state, msg.sender, total >= state.paid ? total - state.paid : 0);',
    because: 'where both are the same, their difference is 0 as well',
  },
  {
    line: 'if (gasleft() < NEEDED) revert TooLittleGas(NEEDED);',
    becomes: 'if (gasleft() <= NEEDED) revert TooLittleGas(NEEDED);',
    because: 'one unit of gas, of a limit that has thousands to spare',
  },
  ...['given', 'gas()'].flatMap((gas): readonly Explanation[] => {
    const line = `taken := call(${gas}, to, amount, 0, 0, 0, 0)`
    return [
      {
        line,
        becomes: `taken := call(${gas}, to, amount, 1, 0, 0, 0)`,
        because: 'where the input begins says nothing when it is empty',
      },
      {
        line,
        becomes: `taken := call(${gas}, to, amount, 0, 0, 1, 0)`,
        because: 'where the answer goes says nothing when none of it is copied',
      },
      {
        line,
        becomes: `taken := call(${gas}, to, amount, 0, 0, 0, 1)`,
        because: 'a byte of the answer is written to scratch memory, which nothing reads afterwards',
      },
    ]
  }),
]

export interface Explanation {
  /** As it stands in the source, without the spaces around it. */
  readonly line: string
  readonly becomes: string
  readonly because: string
}
