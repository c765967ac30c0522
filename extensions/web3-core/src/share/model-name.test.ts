import { describe, expect, it } from 'vitest'
import { BackendName } from '@openclaw-market/protocol/entities/resource'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { freeName, labelOfModel, sizeInName, slugOf } from './model-name.ts'
import { proposedFigure, proposedPolicy } from './proposal.ts'

describe('the name of a model', () => {
  it.each([
    ['llama3.2:3b', 'llama3.2:3b'],
    ['Qwen/Qwen2.5-7B-Instruct', 'Qwen/Qwen2.5-7B-Instruct'],
    ['/srv/private/models/Mistral-Small-24B', 'Mistral-Small-24B'],
    ['/home/me/phi-4.Q4_K_M.gguf', 'phi-4.Q4_K_M'],
    ['models/phi-4.gguf', 'phi-4'],
    ['C:\\Users\\me\\models\\phi-4.gguf', 'phi-4'],
    ['~/models/phi/', 'phi'],
    ['./phi', 'phi'],
    ['a\u0000b\nc', 'a b c'],
    ['///', 'model'],
  ])('%j is shown as %j: a folder of this machine is nobody’s business', (id, label) => {
    expect(labelOfModel(id)).toBe(label)
  })

  it.each([
    ['llama3.1:70b', 70],
    ['mixtral-8x7b', 56],
    ['gemma3:270m', 0.27],
    ['3.2B', 3.2],
    ['Qwen2.5-0.5B-Instruct', 0.5],
    ['llama3', undefined],
    ['phi-4', undefined],
  ])('%s has %s billions of parameters', (name, size) => {
    expect(sizeInName(name)).toBe(size)
  })

  it('gives a name that a backend may have, whatever it is', () => {
    for (const words of [['Ollama', 'llama3.2:3b'], ['', ''], ['--'], ['模型'], ['x'.repeat(200), 'y']]) {
      const slug = slugOf(...words)
      expect(codec(BackendName).problem(slug), slug).toBeUndefined()
      const taken = new Set([slug, `${slug}-2`])
      expect(freeName(slug, (name) => taken.has(name))).toBe(`${slug}-3`)
    }
    expect(slugOf('Ollama', 'llama3.2:3b')).toBe('ollama-llama3-2-3b')
  })
})

describe('a proposal', () => {
  it('costs more the larger the model, and something in between when nobody knows', () => {
    const of = (size?: number) =>
      Number(proposedFigure({ kind: 'model', ...(size === undefined ? {} : { size }) }).split('/')[1])
    const rising = [1, 8, 24, 70, 400].map(of)
    expect(rising).toEqual(rising.toSorted((a, b) => a - b))
    expect(of()).toBeGreaterThan(of(1))
    expect(of()).toBeLessThan(of(400))
  })

  it('bounds what strangers may ask of a home machine', () => {
    expect(proposedPolicy({ kind: 'model' })).toMatchObject({ maxConcurrent: 1, maxTokens: 2_048 })
    expect(proposedPolicy({ kind: 'storage', bytes: 5_000_000 })).toMatchObject({
      maxTotalBytes: 5_000_000,
      maxBytes: 5_000_000,
    })
  })
})
