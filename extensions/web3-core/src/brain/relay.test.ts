/** The door on loopback: who holds a ticket is answered, once. */
import { expect, it, onTestFinished } from 'vitest'
import { relay } from './relay.ts'

function door() {
  const served: string[] = []
  const reports: string[] = []
  const opened = relay((what) => void reports.push(what))
  onTestFinished(() => opened.close())
  const issue = () =>
    opened.issue(async (body, response) => {
      served.push(body.toString())
      response.end('served')
    })
  return { served, reports, issue, opened }
}

interface Asking {
  readonly baseUrl: string
  readonly apiKey: string
}

async function ask({ baseUrl, apiKey }: Asking, path = '/chat/completions', more: RequestInit = {}) {
  const response = await fetch(`${baseUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: 'hello',
    ...more,
  })
  return { status: response.status, text: await response.text() }
}

it('serves a ticket once', async () => {
  const { served, issue } = door()
  const ticket = await issue()
  expect(await ask(ticket)).toEqual({ status: 200, text: 'served' })
  expect(await ask(ticket)).toMatchObject({ status: 404 })
  expect(served).toEqual(['hello'])
})

it('serves one of two requests that race with a ticket', async () => {
  const { served, issue } = door()
  const ticket = await issue()
  const answers = await Promise.all([ask(ticket), ask(ticket), ask(ticket)])
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 404, 404])
  expect(served).toHaveLength(1)
})

it.each([
  ['no ticket of ours', (ticket: Asking) => ask({ ...ticket, apiKey: `brn_${'A'.repeat(43)}` })],
  ['another path', (ticket: Asking) => ask(ticket, '/models')],
  ['another method', (ticket: Asking) => ask(ticket, undefined, { method: 'PUT' })],
])('serves nothing for %s', async (_what, asking) => {
  const { served, issue } = door()
  expect(await asking(await issue())).toMatchObject({ status: 404 })
  expect(served).toEqual([])
})

it('serves nothing for a ticket that was withdrawn', async () => {
  const { served, issue } = door()
  const ticket = await issue()
  ticket.withdraw()
  expect(await ask(ticket)).toMatchObject({ status: 404 })
  expect(served).toEqual([])
})

it('listens on loopback alone, and not any more when it is closed', async () => {
  const { issue, opened } = door()
  const ticket = await issue()
  expect(ticket.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
  // Whoever listens everywhere answers at any address of the machine, this one included.
  const elsewhere = { ...ticket, baseUrl: ticket.baseUrl.replace('127.0.0.1', '127.0.0.2') }
  await expect(ask(elsewhere)).rejects.toThrow('fetch failed')
  await opened.close()
  await expect(ask(ticket)).rejects.toThrow('fetch failed')
})

it('drops the connection of a work that throws, and reports it', async () => {
  const { reports, opened } = door()
  const ticket = await opened.issue(async () => {
    throw new Error('broken')
  })
  await expect(ask(ticket)).rejects.toThrow('fetch failed')
  expect(reports).toEqual(['a call of a leased brain'])
})

it('tells a work that its client has left', async () => {
  const { opened } = door()
  const leaving = new AbortController()
  const told = Promise.withResolvers<void>()
  const ticket = await opened.issue(async (_body, _response, signal) => {
    signal.addEventListener('abort', () => told.resolve())
    leaving.abort()
    await told.promise
  })
  await expect(ask(ticket, undefined, { signal: leaving.signal })).rejects.toThrow('aborted')
  await told.promise
})

it('reads no more than a conversation with pictures comes to', async () => {
  const { served, issue } = door()
  const body = new Uint8Array(64 * 1024 * 1024 + 1)
  // Whether the refusal reaches somebody who is still sending is up to the network.
  await ask(await issue(), undefined, { body }).catch(() => undefined)
  expect(served).toEqual([])
})
