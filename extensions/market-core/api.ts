/** All that others may import of market-core. */
export type { Market, MarketOptions } from './src/plugin/open-market.ts'
export type { MarketMethod } from './src/plugin/method.ts'
export { marketMethods } from './src/plugin/methods.ts'
export { openMarket } from './src/plugin/open-market.ts'
export type { AdmittedCall, CallGate, CallRequest, Demand, FinishedCall } from './src/market/calls/gate.ts'
export {
  marketGeneration,
  marketState,
  onMarketState,
  runningMarket,
  type MarketState,
} from './src/plugin/handle.ts'
export type { MarketStore } from './src/store/store.ts'
export { openSecretBox, secretBox, type SecretBox } from './src/keys/secret-box.ts'
export { openNodeWallet } from './src/keys/node-wallet.ts'
export { verifySignature } from './src/keys/verify.ts'
export { passphraseFileOf } from './src/plugin/config.ts'
export { accountStatement, CurrencyStatement } from './src/market/accounts/statement.ts'
export { accountBalance } from './src/market/accounts/balance.ts'
export { deposit } from './src/market/accounts/deposit.ts'
export { withdraw } from './src/market/accounts/withdraw.ts'
export { completeLease } from './src/market/leases/complete.ts'
export { getLease } from './src/market/leases/get.ts'
export { issueLease } from './src/market/leases/issue.ts'
export { listLeases } from './src/market/leases/list.ts'
export { revokeLease } from './src/market/leases/revoke.ts'
export { consentValues, leasePurpose } from './src/market/leases/consent.ts'
export { getResource } from './src/market/resources/get.ts'
export { listResources } from './src/market/resources/list.ts'
export { publishResource } from './src/market/resources/publish.ts'
export { quoteResource } from './src/market/resources/quote.ts'
export { unpublishResource } from './src/market/resources/unpublish.ts'
export { listUsage } from './src/market/usage/list.ts'
export { statusSummary } from './src/market/status/summary.ts'
export { listTransfers } from './src/market/accounts/transfers.ts'
export { rateLimiter, type RateLimiter } from './src/market/calls/rate.ts'
export { given, next, page } from './src/market/page.ts'
export { found } from './src/market/found.ts'
