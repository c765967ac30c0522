/**
 * A stranger to this market: a program of its own with a wallet of its own, that knows a base URL and what the API
 * answers. It imports none of this repository's code; viem signs, siwe reads what it is asked to sign.
 *
 *   node main.mjs wallet   --wallet FILE                     makes a wallet in a new 0600 file, prints its address
 *   node main.mjs loop     --wallet FILE --market URL        leases one of each kind, uses it, settles
 *   node main.mjs lease    --wallet FILE --market URL --kind KIND --max-cost N --token-file FILE
 *   node main.mjs complete --wallet FILE --market URL --lease ID
 *
 * Progress goes to standard error; the last line of standard output is one JSON object. No token is ever printed.
 */
import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { loop } from './loop.mjs'
import { openMarket } from './market.mjs'
import { takeLease } from './take-lease.mjs'
import { makeWallet, readWallet } from './wallet.mjs'

const verbs = {
  wallet: { needs: ['wallet'], run: ({ wallet }) => ({ address: makeWallet(wallet) }) },
  loop: {
    needs: ['wallet', 'market'],
    run: async ({ wallet, market }) => loop(await openMarket(market, readWallet(wallet)), say),
  },
  lease: { needs: ['wallet', 'market', 'kind', 'max-cost', 'token-file'], run: leaseOnly },
  complete: {
    needs: ['wallet', 'market', 'lease'],
    run: async ({ wallet, market, lease }) => {
      const opened = await openMarket(market, readWallet(wallet))
      const { lease: ended } = await opened.call('web3.resources.completeLease', { leaseId: lease })
      const { leaseId, status, metered, settlementStatus } = ended
      return { leaseId, status, metered, settlement: settlementStatus }
    },
  },
}

/** For a person who wants to go on with another client: the token goes to a file, never to the screen. */
async function leaseOnly({ wallet, market, kind, 'max-cost': maxCost, 'token-file': tokenFile }) {
  const opened = await openMarket(market, readWallet(wallet))
  const { resources } = await opened.call('web3.resources.list', { kind })
  const [resource] = resources
  if (resource === undefined) throw new Error(`this market offers no ${kind}`)
  const { token, ...lease } = await takeLease(opened, resource, { maxCost, ttlMs: 3_600_000 })
  writeFileSync(tokenFile, token, { mode: 0o600, flag: 'wx' })
  return { ...lease, tokenFile }
}

function say(line) {
  process.stderr.write(`${line}\n`)
}

function usage(problem) {
  say(`${problem}\nusage: node main.mjs ${Object.keys(verbs).join('|')} --wallet FILE [--market URL] …`)
  process.exit(2)
}

const text = { type: 'string' }
const options = { wallet: text, market: text, kind: text, 'max-cost': text, 'token-file': text, lease: text }

function readArguments() {
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const verb = Object.hasOwn(verbs, positionals[0] ?? '') ? verbs[positionals[0]] : undefined
    if (verb === undefined || positionals.length !== 1) return usage('name one verb')
    const missing = verb.needs.find((name) => values[name] === undefined)
    return missing === undefined ? { verb, values } : usage(`--${missing} is missing`)
  } catch (error) {
    return usage(error.message)
  }
}

const { verb, values } = readArguments()
try {
  process.stdout.write(`${JSON.stringify(await verb.run(values))}\n`)
} catch (error) {
  say(`consumer: ${error.message}`)
  process.exitCode = 1
}
