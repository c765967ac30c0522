import { expect, it } from 'vitest'
import { MarketError } from '@openclaw-market/protocol/errors'
import { publicError } from './faults.ts'

it('passes our own errors, and tells of a defect only that there was one', () => {
  const reports: string[] = []
  const report = (what: string, error: unknown): void => void reports.push(`${what}: ${String(error)}`)
  const ours = new MarketError('E_NOT_FOUND', 'there is no file of this path')
  expect(publicError(ours, 'a call', report)).toBe(ours)
  expect(reports).toEqual([])
  const defect = Object.assign(new TypeError('SECRET at /srv/models and 10.0.0.7'), { code: 'ENOENT' })
  for (const error of [defect, 'SECRET', { SECRET: true }, new Error('outer', { cause: defect })]) {
    const shown = publicError(error, 'a call', report)
    expect([shown.code, shown.details, shown.cause]).toEqual(['E_INTERNAL', undefined, undefined])
    expect(`${shown.message} ${shown.hint}`).not.toMatch(/SECRET|srv|10\.0|outer/)
  }
  // The operator learns its kind and where it came from, and no word of it either.
  expect(reports).toHaveLength(4)
  expect(reports[0]).toMatch(/TypeError ENOENT at faults\.test\.ts:\d+$/)
  expect(reports.join()).not.toMatch(/SECRET|srv|10\.0|outer/)
})
