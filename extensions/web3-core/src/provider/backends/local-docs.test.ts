import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { MarketError } from '@openclaw-market/protocol/errors'
import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { localDocsBackend, type LocalDocsOptions } from './local-docs.ts'
import { everythingIn } from './upstream-fixture.ts'

const never = new AbortController().signal

function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'docs-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) write(root, name, text)
  return root
}

function write(root: string, name: string, text: string | Uint8Array): void {
  mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
  writeFileSync(path.join(root, name), text)
}

/** A backend whose time stands still until the test moves it. */
function docs(root: string, more: Partial<LocalDocsOptions> = {}) {
  const clock = { now: 0 }
  const backend = localDocsBackend({
    config: { directory: root },
    now: () => clock.now,
    refreshMs: 1_000,
    ...more,
  })
  onTestFinished(() => backend.close())
  const find = async (q: string, site?: string): Promise<string[]> => {
    const { results } = await backend.query({ q, limit: 50, ...(site === undefined ? {} : { site }) }, never)
    return results.map((result) => result.url).sort()
  }
  return { backend, clock, find }
}

describe('local-docs', () => {
  it('answers with title, url and the words around', async () => {
    const root = folderWith({
      'guide/intro.md':
        '---\ntitle: x\n---\nfirst\n\n# Getting *started* ##\n\nHow leases are settled: slowly.',
      'plain notes.txt': 'Leases in plain text',
      'page.html':
        '<title>Site</title><style>leases{}</style><h1>The &amp; page</h1><!-- leases --><script>leases()</script><p>Escrow<b>ed</b> leases',
    })
    const { backend } = docs(root)
    const { results } = await backend.query({ q: 'lease settle', limit: 10 }, never)
    expect(results).toEqual([
      {
        title: 'Getting *started*',
        url: 'docs:///guide/intro.md',
        snippet: expect.stringContaining('leases are settled'),
      },
    ])
    const all = (await backend.query({ q: 'lease', limit: 10 }, never)).results
    expect(new Map(all.map((r) => [r.url, r.title]))).toEqual(
      new Map([
        ['docs:///guide/intro.md', 'Getting *started*'],
        ['docs:///plain%20notes.txt', 'plain notes.txt'],
        ['docs:///page.html', 'The & page'],
      ]),
    )
    expect(all.find((r) => r.url.endsWith('html'))?.snippet).not.toMatch(/leases\{|leases\(|<!--/)
    expect(JSON.stringify(all)).not.toContain(root)
    expect((await backend.query({ q: 'lease', limit: 1 }, never)).results).toHaveLength(1)
  })

  it('prefers all the words, and falls back to any', async () => {
    const { find } = docs(folderWith({ 'a.md': 'red apple', 'b.md': 'red', 'c.md': 'green' }))
    expect(await find('red apple')).toEqual(['docs:///a.md'])
    expect(await find('red pear')).toEqual(['docs:///a.md', 'docs:///b.md'])
    expect(await find('pear')).toEqual([])
    expect(await find('?!')).toEqual([])
  })

  it('takes every question for words', async () => {
    const { backend } = docs(folderWith({ 'a.md': 'AND OR NOT NEAR title body words' }))
    const nasty = fc.constantFrom(
      '"',
      "'",
      '*',
      '^',
      '(',
      ')',
      ':',
      '-',
      '+',
      '{',
      '}',
      ',',
      ';',
      '\0',
      'NEAR(',
      'AND',
      'OR',
      'NOT',
      'title:',
      'body',
      ' ',
      'ä',
      '\u0301',
      '\ud800',
      '--',
      '% _',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(nasty, { minLength: 1, maxLength: 20 }), async (parts) => {
        const q = `x${parts.join('')}`
        await expect(backend.query({ q, limit: 5 }, never)).resolves.toBeDefined()
      }),
    )
    expect((await backend.query({ q: 'title: OR "near*', limit: 5 }, never)).results).toHaveLength(1)
  })

  it('narrows to a folder, and only to one', async () => {
    const { find } = docs(
      folderWith({ 'guide/a.md': 'word', 'guide/deep/b.md': 'word', 'guide2/c.md': 'word', 'd.md': 'word' }),
    )
    const guide = ['docs:///guide/a.md', 'docs:///guide/deep/b.md']
    expect(await find('word', 'guide')).toEqual(guide)
    expect(await find('word', 'docs:///guide/')).toEqual(guide)
    expect(await find('word', 'guide/deep')).toEqual(['docs:///guide/deep/b.md'])
    expect(await find('word', 'docs:///')).toHaveLength(4)
    expect(await find('word', '%')).toEqual([])
    for (const site of ['../etc', '/etc', 'a//b', '.hidden'])
      await expect(find('word', site)).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT' })
  })

  it('reads nothing that is hidden, linked, large, foreign, binary or no file', async () => {
    const outside = folderWith({ 'secret.md': 'word' })
    const root = folderWith({
      'a.md': 'word',
      '.hidden.md': 'word',
      '.git/b.md': 'word',
      'c.exe': 'word',
      'd.md': `word${'x'.repeat(3_000)}`,
      'e.md': new Uint8Array([119, 111, 114, 100, 0]),
    })
    symlinkSync(path.join(outside, 'secret.md'), path.join(root, 'link.md'))
    symlinkSync(outside, path.join(root, 'folder'))
    execFileSync('mkfifo', [path.join(root, 'pipe.md')])
    const { find } = docs(root, { bounds: { maxFileBytes: 2_000 } })
    expect(await find('word')).toEqual(['docs:///a.md'])
  })

  it('bounds how much it takes in, the same each time', async () => {
    const files = Object.fromEntries(
      ['a', 'b', 'c', 'd'].map((name) => [`${name}.md`, `word ${'x'.repeat(95)}`]),
    )
    expect(await docs(folderWith(files), { bounds: { maxFiles: 2 } }).find('word')).toEqual([
      'docs:///a.md',
      'docs:///b.md',
    ])
    expect(await docs(folderWith(files), { bounds: { maxTotalBytes: 350 } }).find('word')).toHaveLength(3)
  })

  it('sees what was added, changed and removed, and looks no more often than it should', async () => {
    const root = folderWith({ 'a.md': 'apple', 'b.md': 'banana', 'keep.md': 'constant' })
    const { find, clock } = docs(root)
    expect(await find('apple')).toEqual(['docs:///a.md'])
    write(root, 'a.md', 'cherry')
    utimesSync(path.join(root, 'a.md'), 1, 1)
    rmSync(path.join(root, 'b.md'))
    write(root, 'new/c.md', 'damson')
    clock.now = 999
    expect(await find('cherry')).toEqual([])
    clock.now = 1_000
    expect(await find('cherry')).toEqual(['docs:///a.md'])
    expect(await find('apple')).toEqual([])
    expect(await find('banana')).toEqual([])
    expect(await find('damson')).toEqual(['docs:///new/c.md'])
    expect(await find('constant')).toEqual(['docs:///keep.md'])
  })

  it('answers all who ask at once from one index', async () => {
    const files = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`${i}.md`, `word number${i}`]))
    const { find } = docs(folderWith(files))
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => find(`number${i * 50}`)))
    expect(answers).toEqual(Array.from({ length: 10 }, (_, i) => [`docs:///${i * 50}.md`]))
  })

  it('says nothing of a folder that is gone, and works again when it is back', async () => {
    const root = folderWith({})
    rmSync(root, { recursive: true })
    const { backend, find } = docs(root)
    const error: unknown = await backend.query({ q: 'x', limit: 5 }, never).catch((reason: unknown) => reason)
    if (!(error instanceof MarketError)) throw new Error('did not fail with a MarketError')
    expect([error.code, error.details]).toEqual(['E_UNAVAILABLE', { upstream: 'down' }])
    expect(everythingIn(error)).not.toContain(root)
    write(root, 'a.md', 'word')
    expect(await find('word')).toEqual(['docs:///a.md'])
  })

  it('stops waiting when the caller does', async () => {
    const { backend } = docs(folderWith({ 'a.md': 'word' }))
    const stop = new AbortController()
    const asking = backend.query({ q: 'word', limit: 5 }, stop.signal)
    stop.abort()
    await expect(asking).rejects.toMatchObject({ code: 'E_TIMEOUT' })
    expect((await backend.query({ q: 'word', limit: 5 }, never)).results).toHaveLength(1)
  })
})
