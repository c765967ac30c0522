/** The real plugin with every `web3.*` name changed: what a butler knows must come from what it reads. */
import { web3CorePlugin } from '@openclaw-market/web3-core'
import { renaming } from './rename.ts'

export default web3CorePlugin({ rename: renaming(process.env['WEB3_RENAME_SEED'] ?? 'unseeded') })
