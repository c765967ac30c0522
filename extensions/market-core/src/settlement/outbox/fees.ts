/** What is offered for carrying out a job (EIP-1559), and how that rises. Pure; a job's ceiling bounds all of it. */

export interface Fees {
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

export interface FeeMarket {
  readonly baseFee: bigint
  readonly tip: bigint
}

/** Where a node does not say what others pay. */
export const usualTip = 1_000_000_000n

/** An estimate is of now; by the time that it is mined a little more may be needed. */
export function gasLimit(estimate: bigint): bigint {
  return estimate + estimate / 4n
}

/** Holds for six full blocks in a row: each lets the base fee rise by an eighth. */
function wishedFees({ baseFee, tip }: FeeMarket): Fees {
  return { maxFeePerGas: 2n * baseFee + tip, maxPriorityFeePerGas: tip }
}

/** @returns undefined when the ceiling does not reach for being mined now */
export function firstFees(market: FeeMarket, gas: bigint, ceiling: bigint): Fees | undefined {
  const most = ceiling / gas
  if (most <= market.baseFee) return undefined
  return under(most, wishedFees(market))
}

/** Nodes take one transaction for another when it offers a tenth more of both; an eighth is offered. */
const step = (fee: bigint): bigint => fee + fee / 8n + 1n

/** @returns undefined when the ceiling does not reach for what nodes would take */
export function raisedFees(last: Fees, market: FeeMarket, gas: bigint, ceiling: bigint): Fees | undefined {
  const wished = wishedFees(market)
  const fees = {
    maxFeePerGas: larger(step(last.maxFeePerGas), wished.maxFeePerGas),
    maxPriorityFeePerGas: larger(step(last.maxPriorityFeePerGas), wished.maxPriorityFeePerGas),
  }
  const capped = under(ceiling / gas, fees)
  const enough =
    capped.maxFeePerGas >= step(last.maxFeePerGas) &&
    capped.maxPriorityFeePerGas >= step(last.maxPriorityFeePerGas)
  return enough ? capped : undefined
}

function under(most: bigint, { maxFeePerGas, maxPriorityFeePerGas }: Fees): Fees {
  return {
    maxFeePerGas: smaller(maxFeePerGas, most),
    maxPriorityFeePerGas: smaller(maxPriorityFeePerGas, most),
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
