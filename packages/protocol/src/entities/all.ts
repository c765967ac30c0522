import { anyCollection, type Collection } from '../collection.ts'
import { ChainJobs, ChainNonces, ChainTransactions } from './chain.ts'
import { Calls, Consents, Deliveries, Leases, Orders, UsageRecords } from './lease.ts'
import { Checkpoints, LogTiles } from './log.ts'
import { Accounts, CreditLines, Deposits, Payouts, Settlements, Transfers } from './money.ts'
import { Allowances, Approvals, Spends } from './policy.ts'
import {
  Answers,
  Challenges,
  ConsumerReceipts,
  Events,
  Metas,
  Quotes,
  Sessions,
  SpentNonces,
} from './records.ts'
import { Offers, Resources } from './resource.ts'
import { BindingChallenges, WalletBindings } from './wallet.ts'
import { SessionStatements } from './session-statement.ts'

/** Every collection of a market's store, in the order of its layout. */
export const allCollections: readonly Collection[] = [
  anyCollection(Metas),
  anyCollection(Resources),
  anyCollection(Offers),
  anyCollection(Orders),
  anyCollection(Consents),
  anyCollection(Deliveries),
  anyCollection(Leases),
  anyCollection(Calls),
  anyCollection(UsageRecords),
  anyCollection(Accounts),
  anyCollection(Transfers),
  anyCollection(Settlements),
  anyCollection(CreditLines),
  anyCollection(Deposits),
  anyCollection(Payouts),
  anyCollection(Quotes),
  anyCollection(Challenges),
  anyCollection(Sessions),
  anyCollection(SpentNonces),
  anyCollection(WalletBindings),
  anyCollection(BindingChallenges),
  anyCollection(Answers),
  anyCollection(ConsumerReceipts),
  anyCollection(SessionStatements),
  anyCollection(Events),
  anyCollection(Allowances),
  anyCollection(Spends),
  anyCollection(Approvals),
  anyCollection(LogTiles),
  anyCollection(Checkpoints),
  anyCollection(ChainJobs),
  anyCollection(ChainTransactions),
  anyCollection(ChainNonces),
]
