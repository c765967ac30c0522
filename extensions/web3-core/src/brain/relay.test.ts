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

async function ask({ baseUrl, apiKey }: Asking, path = '/chat/completions', method = 'POST') {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}` },
    ...(method === 'POST' ? { body: 'hello' } : {}),
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
  ['another method', (ticket: Asking) => ask(ticket, '/chat/completions', 'GET')],
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
