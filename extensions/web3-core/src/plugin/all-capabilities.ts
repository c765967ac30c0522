import { auditCapabilities } from '../audit/capabilities.ts'
import type { Capability } from '../capabilities/capability.ts'
import { billingStatusCapability } from '../billing/status.ts'
import { getPolicyCapability, setPolicyCapability } from '../billing/policy.ts'
import { statementsCapability } from '../billing/statements.ts'
import { billingCapability } from '../billing/summary.ts'
import {
  closeCreditCapability,
  listCreditCapability,
  openCreditCapability,
  settleCreditCapability,
} from '../billing/credit.ts'
import { withdrawCapability } from '../billing/withdraw.ts'
import { chatCapability } from '../consumer/model-chat.ts'
import { searchCapability } from '../consumer/search-query.ts'
import { getFileCapability } from '../consumer/storage/get.ts'
import { listFilesCapability } from '../consumer/storage/list.ts'
import { putCapability } from '../consumer/storage/put.ts'
import { identityCapabilities } from '../identity/capabilities.ts'
import type { Site } from '../identity/site.ts'
import { completeCapability, revokeCapability } from '../resources/end.ts'
import { getCapability } from '../resources/get.ts'
import { leaseCapability } from '../resources/lease.ts'
import { leasesCapability } from '../resources/leases.ts'
import { listCapability } from '../resources/list.ts'
import { publishCapability, unpublishCapability } from '../resources/publish.ts'
import { quoteCapability } from '../resources/quote.ts'
import { statusCapability } from '../resources/status.ts'
import { findCapability } from '../share/find-capability.ts'
import { startCapability } from '../share/start-capability.ts'
import { shareStatusCapability } from '../share/status-capability.ts'
import { stopCapability } from '../share/stop-capability.ts'
import { statusSummaryCapability } from '../status/summary.ts'
import { walletCapabilities } from '../wallet/capabilities.ts'
import { describeCapabilities } from '../capabilities/describe.ts'
import { listCapabilities } from '../capabilities/list.ts'

/** Everything that `web3.*` can do, in the order in which a reader meets it. */
export function allCapabilities(site: Site): readonly Capability[] {
  return [
    listCapabilities,
    describeCapabilities,
    ...identityCapabilities(site),
    ...walletCapabilities(site),
    listCapability,
    getCapability,
    quoteCapability,
    leaseCapability,
    leasesCapability,
    statusCapability,
    completeCapability,
    revokeCapability,
    publishCapability,
    unpublishCapability,
    chatCapability,
    searchCapability,
    putCapability,
    getFileCapability,
    listFilesCapability,
    findCapability,
    startCapability,
    shareStatusCapability,
    stopCapability,
    billingCapability,
    openCreditCapability,
    closeCreditCapability,
    listCreditCapability,
    settleCreditCapability,
    billingStatusCapability,
    withdrawCapability,
    getPolicyCapability,
    setPolicyCapability,
    statementsCapability,
    ...auditCapabilities,
    statusSummaryCapability,
  ]
}
