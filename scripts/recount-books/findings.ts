/** What was checked and what did not hold. Checking goes on after a failure: one wrong line often explains another. */
export class Findings {
  checks = 0
  readonly problems: string[] = []

  /** @param about says what is compared, so that the problem names its place */
  same(about: string, is: unknown, should: unknown): void {
    this.holds(Object.is(is, should), `${about}: is ${String(is)}, should be ${String(should)}`)
  }

  holds(truth: boolean, otherwise: string): void {
    this.checks += 1
    if (!truth) this.problems.push(otherwise)
  }

  fail(problem: string): void {
    this.holds(false, problem)
  }
}
