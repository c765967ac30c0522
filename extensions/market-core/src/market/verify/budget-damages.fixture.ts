/** Ways to break the records of a budget, each by the rule that must name it. */
import { anyCollection } from '@openclaw-market/protocol/collection'
import { Allowances, Approvals, Spends } from '@openclaw-market/protocol/entities/policy'
import { changed, type Damage, type Fields } from './damages.fixture.ts'

const allowances = anyCollection(Allowances)
const spends = anyCollection(Spends)
const approvals = anyCollection(Approvals)

const used = (each: Fields): boolean => each['status'] === 'approval_used'
const ofLease = (each: Fields): boolean => each['what'] === 'lease'
const known = (each: Fields): boolean => each['cost'] !== undefined

export const budgetDamages: Readonly<Record<string, Damage>> = {
  'allowance.number': changed(
    allowances,
    () => ({ number: 2 }),
    (each) => each['number'] === 1,
  ),
  'approval.amount': changed(approvals, () => ({ amount: 1n }), used),
  'approval.times': changed(approvals, () => ({ dueAt: 5 }), used),
  'approval.used': changed(approvals, () => ({ spendId: undefined }), used),
  'approval.once': changed(
    approvals,
    (_each, { world }) => ({ approvalId: world.market.ids.next('apr') }),
    used,
    true,
  ),
  'spend.cost': changed(spends, ({ amount }) => ({ cost: BigInt(String(amount)) + 1n }), known),
  'spend.session': changed(spends, () => ({ session: 'another' })),
  'spend.settlement': changed(spends, () => ({ amount: 1n }), ofLease),
  'spend.state': changed(spends, () => ({ status: 'spend_open' }), known),
}
