/** What the host calls the leased model: the same whichever lease serves, so that a conversation goes on under one name. */
export const providerId = 'web3'
export const modelId = 'leased'

/**
 * The host asks for a key of every provider, by the variable that the manifest names. There is none: leases have tokens, and
 * those stay in the vault. This says so much.
 */
export const keyVariable = 'OPENCLAW_WEB3_LEASED_MODEL'
export const keyValue = 'by-lease'
