import { describe, expect, it } from 'vitest'
import { docText } from './doc-text.ts'

const read = (text: string, extension = 'md') => docText(new TextEncoder().encode(text), extension)

describe('docText', () => {
  it.each([
    ['# One\n# Two', 'One'],
    ['text\n\n### Deep ###\n', 'Deep'],
    ['# C#', 'C#'],
    ['```\n# no\n```\n# Yes', 'Yes'],
    ['Title\n=====\n', 'Title'],
    ['---\na: 1\n---\n\nSecond\n---\n', 'Second'],
    ['= AsciiDoc', 'AsciiDoc'],
    ['#+TITLE: Org', 'Org'],
    ['#no\n#\n', undefined],
    ['plain', undefined],
  ])('the title of %j is %j', (text, title) => expect(read(text)?.title).toBe(title))

  it('takes the text out of HTML', () => {
    const html =
      '<!doctype html><title>T</title><p class=">">a < b &lt;i&gt; &#x41;&#66;&bogus;<script>no</SCRIPT >yes<br>x<style>no'
    expect(read(html, 'html')).toEqual({
      title: 'T',
      body: expect.stringMatching(/a < b <i> AB&bogus; {1,3}yes x/),
    })
  })

  it.each(['<', '<!--', '<script>', '<p ', '&#1', '<h1>'])(
    'reads a million of %j in no time',
    (piece) => {
      expect(read(piece.repeat(200_000), 'html')).toBeDefined()
    },
    10_000,
  )

  it('is undefined for what is no text', () => expect(read('a\0b')).toBeUndefined())
})
