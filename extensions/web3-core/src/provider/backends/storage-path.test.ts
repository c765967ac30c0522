import { describe, expect, it } from 'vitest'
import { checkedMime, foldedPath, foldersOf, pathProblem, tenantFolder } from './storage-path.ts'

describe('pathProblem', () => {
  it.each([
    'a',
    'a/b.txt',
    '.hidden',
    'ä/ö',
    '…',
    'a b',
    '...',
    'a..b',
    '日本語/ファイル',
    'ab:c',
    'x'.repeat(128),
    Array(256).fill('a').join('/'),
  ])('takes %s', (path) => expect(pathProblem(path)).toBeUndefined())

  it.each([
    ['empty', ''],
    ['absolute', '/etc/passwd'],
    ['a drive', 'C:/x'],
    ['a drive without a slash', 'c:x'],
    ['a parent', '../x'],
    ['a parent within', 'a/../../x'],
    ['a parent at the end', 'a/..'],
    ['itself', './x'],
    ['an empty segment', 'a//b'],
    ['a slash at the end', 'a/'],
    ['a backslash', 'a\\b'],
    ['NUL', 'a\0b'],
    ['a line break', 'a\nb'],
    ['DEL', 'a\x7fb'],
    ['a C1 control', 'a\x85b'],
    ['another normal form', 'a\u0308'],
    ['half a character', 'a\ud800'],
    ['a long segment', 'x'.repeat(129)],
    ['a segment long in bytes', 'ä'.repeat(65)],
    ['a long path', `${'x/'.repeat(256)}x`],
    ['our own folder', '.ocm/meta/x'],
    ['our own folder below', 'a/.ocm'],
    ['our own folder in capitals', '.OCM/x'],
    ['our own prefix', '.ocm-x'],
  ])('refuses %s', (_name, path) => expect(pathProblem(path)).toBeDefined())
})

describe('tenantFolder', () => {
  it('keeps apart what differs in case', () => {
    expect(tenantFolder('lease_1')).toBe('lease_1')
    const names = ['lease_A', 'lease_a', 'LEASE_A'].map(tenantFolder)
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(3)
  })

  it.each(['', '..', 'a/b', 'a-b', 'a.b', 'ä', 'a\0', 'x'.repeat(129)])('refuses %j', (tenant) => {
    expect(() => tenantFolder(tenant)).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }))
  })
})

describe('the rest', () => {
  it('folds case and form', () => {
    expect(foldedPath('Straße/Ä')).toBe(foldedPath('STRASSE/ä'))
    expect(foldedPath('a')).not.toBe(foldedPath('b'))
    expect(foldersOf('a/b/c')).toEqual(['a', 'a/b'])
    expect(foldersOf('a')).toEqual([])
  })

  it('reads media types', () => {
    expect([undefined, 'Text/Plain', 'text/html; charset=UTF-8'].map(checkedMime)).toEqual([
      'application/octet-stream',
      'text/plain',
      'text/html; charset=utf-8',
    ])
    for (const mime of ['text', 'text/', 'a/b\nc: d', 'a/b; x=y', `a/${'x'.repeat(65)}`]) {
      expect(() => checkedMime(mime)).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }))
    }
  })
})
