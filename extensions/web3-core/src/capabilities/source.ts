/** Where the values of parameters come from: what a program must do to make one, said without prose. */
import type { PredicateName } from './predicate.ts'

/** From the call that brought `of` about: the field of its answer, or the parameter that it was given. */
interface Earlier {
  readonly of: PredicateName
  readonly field?: string
  readonly param?: string
  /** By the caller's wallet, over that value as it stands. */
  readonly sign?: 'personal_sign' | 'eth_signTypedData_v4'
}

/** The hash, in lower-case hex, of the base64url text of random bytes that the caller makes and keeps. */
interface Hashed {
  readonly hash: 'sha256'
  readonly ofSecretBytes: number
}

/** Of the caller's wallet. */
interface Own {
  readonly own: 'address'
}

export type Source = Earlier | Hashed | Own

/** A route of whoever serves the lease, with the lease's secret as bearer. */
export interface OverHttp {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** The prerequisite whose secret is sent as `authorization: Bearer`. */
  readonly bearer: PredicateName
  /** Their names there, in the query of a GET and in the JSON body of a POST. Others cannot be given. */
  readonly params: Readonly<Record<string, string>>
}
