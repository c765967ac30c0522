/** Every operation of the market that operators may call, once. What METHODS names, and nothing that does not work. */
import { accountBalance } from '../market/accounts/balance.ts'
import { deposit } from '../market/accounts/deposit.ts'
import { settlePayout } from '../market/accounts/settle-payout.ts'
import { accountStatement } from '../market/accounts/statement.ts'
import { listTransfers } from '../market/accounts/transfers.ts'
import { withdraw } from '../market/accounts/withdraw.ts'
import { queryEvents } from '../market/audit/query.ts'
import { summarizeEvents } from '../market/audit/summarize.ts'
import { traceId } from '../market/audit/trace.ts'
import { closeCredit } from '../market/credit/close.ts'
import { listCredit } from '../market/credit/list.ts'
import { openCredit } from '../market/credit/open.ts'
import { settleCredit } from '../market/credit/settle.ts'
import { completeLease } from '../market/leases/complete.ts'
import { expireSweep } from './expire-sweep.ts'
import { getLease } from '../market/leases/get.ts'
import { issueLease } from '../market/leases/issue.ts'
import { listLeases } from '../market/leases/list.ts'
import { revokeLease } from '../market/leases/revoke.ts'
import { method, type MarketMethod } from './method.ts'
import { getResource } from '../market/resources/get.ts'
import { listResources } from '../market/resources/list.ts'
import { publishResource } from '../market/resources/publish.ts'
import { quoteResource } from '../market/resources/quote.ts'
import { unpublishResource } from '../market/resources/unpublish.ts'
import { listSettlements } from '../market/settlements/list.ts'
import { settlementStatus } from '../market/settlements/status.ts'
import { statusSummary } from '../market/status/summary.ts'
import { letWalletGo } from '../market/wallet/let-go.ts'
import { appendUsage } from '../market/usage/append.ts'
import { listUsage } from '../market/usage/list.ts'
import { summarizeUsage } from '../market/usage/summary.ts'
import { withAudit } from './with-audit.ts'
import { verifyStoreMethod } from './verify-store.ts'

export const marketMethods: readonly MarketMethod[] = [
  method(publishResource),
  method(unpublishResource),
  method(getResource),
  method(listResources),
  method(quoteResource),
  method(issueLease),
  method(revokeLease),
  method(completeLease),
  expireSweep,
  method(getLease),
  method(listLeases),
  method(appendUsage),
  method(listUsage),
  method(summarizeUsage),
  method(accountBalance),
  method(accountStatement),
  method(listTransfers),
  method(deposit),
  method(withdraw),
  method(settlePayout),
  method(openCredit),
  method(closeCredit),
  method(listCredit),
  method(settleCredit),
  method(settlementStatus),
  method(listSettlements),
  withAudit(statusSummary),
  method(queryEvents),
  withAudit(summarizeEvents),
  method(traceId),
  method(letWalletGo),
  verifyStoreMethod,
]
