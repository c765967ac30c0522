/** What this market promises about security, area by area: docs/security.md says it, claims.test.ts proves it. */
import { authorityClaims } from './authority.ts'
import { backendsClaims } from './backends.ts'
import { billingClaims } from './billing.ts'
import { brainClaims } from './brain.ts'
import { budgetClaims } from './budget.ts'
import { chainClaims } from './chain.ts'
import type { Area } from './claim.ts'
import { consumerClaims } from './consumer.ts'
import { identityClaims } from './identity.ts'
import { logClaims } from './log.ts'
import { moneyClaims } from './money.ts'
import { providerClaims } from './provider.ts'
import { secretsClaims } from './secrets.ts'
import { sharingClaims } from './sharing.ts'
import { sightClaims } from './sight.ts'
import { storeClaims } from './store.ts'
import { walletClaims } from './wallet.ts'

export const areas: readonly Area[] = [
  identityClaims,
  walletClaims,
  authorityClaims,
  sightClaims,
  moneyClaims,
  chainClaims,
  billingClaims,
  budgetClaims,
  storeClaims,
  logClaims,
  secretsClaims,
  providerClaims,
  backendsClaims,
  sharingClaims,
  consumerClaims,
  brainClaims,
]

export const claims = areas.flatMap((area) => area.claims)
