/** All that others may import of web3-core. */
export { web3CorePlugin } from './src/plugin/plugin.ts'
export { startWeb3, type RunningWeb3, type StartOptions } from './src/plugin/start.ts'
export { allCapabilities } from './src/plugin/all-capabilities.ts'
export { describeAll } from './src/capabilities/registry.ts'
export type { Web3 } from './src/plugin/web3.ts'
