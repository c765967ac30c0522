/** The recorders: both write down the same, and where neither works that is said, and fails where everything must run. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { seedOfRun } from '../../run.ts'
import { Disk } from '../disk.ts'
import { grounds } from '../grounds.fixture.ts'
import { backends } from '../job.ts'
import { checkEnded } from './child.ts'
import { eventsOfShim, type Event } from './event.ts'
import { chooseRecorder, findRecorders, type Recorder } from './recorder.ts'
import { eventsOfStrace } from './strace.ts'

const { atEnd, jobIn } = await grounds()

/** Without what chance decides (SQLite's salts, the number of the process), and without opens that change nothing. */
function shapeOf(events: readonly Event[], home: string): readonly string[] {
  const there = new Set<string>()
  return events.flatMap((event) => {
    if (event.did === 'said') return []
    const path = event.path.slice(home.length)
    const isNew = !there.has(path)
    there.add(path)
    if (event.did === 'rename') there.add(event.to.slice(home.length))
    if (event.did === 'unlink') there.delete(path)
    switch (event.did) {
      case 'open':
        return isNew || event.empties ? [`open ${path}`] : []
      case 'write':
        return [`write ${path} ${path.endsWith('lock.pid') ? '' : `${event.at} ${event.bytes.length}`}`]
      case 'truncate':
        return [`truncate ${path} ${event.size}`]
      case 'rename':
        return [`rename ${path} ${event.to.slice(home.length)}`]
      default:
        return [`${event.did} ${path}`]
    }
  })
}

describe('what a recorder writes down', () => {
  it.each(backends)(
    'of a %s store is what stands on its disk in the end, and the same by both',
    async (backend) => {
      const { shim, strace } = await findRecorders(atEnd)
      const both = [shim, strace].filter((each) => each !== undefined)
      const shapes = []
      for (const recorder of both) {
        const plan = { workload: 'notes', backend, seed: seedOfRun(), writes: 30, lives: 2 } as const
        const job = jobIn({ ...plan, name: `${backend}-${recorder.name}` })
        const { events, ran } = await recorder.record([job], job.home)
        checkEnded(ran)
        const disk = new Disk(job.home)
        for (const event of events) disk.apply(event)
        for (const [path, bytes] of disk.image({ keeps: () => true })) {
          if (!path.endsWith('/')) expect(bytes.equals(readFileSync(`${job.home}/${path}`)), path).toBe(true)
        }
        expect([...disk.image({ keeps: () => true }).keys()].length).toBeGreaterThan(4)
        expect(events.some((event) => event.did === 'said' && event.text.includes('"kept"'))).toBe(true)
        shapes.push(shapeOf(events, job.home))
      }
      if (both.length === 0) process.stdout.write('crash: no recorder to look at here\n')
      for (const shape of shapes) expect(shape).toEqual(shapes[0])
    },
  )

  it('is refused when it has a call that no image is made of', () => {
    expect(() => [...eventsOfShim('unknown fallocate\t\t/w/file\t\n')]).toThrow(
      'cannot model: unknown fallocate',
    )
    const line = '1  fallocate(3<\\x2f\\x77\\x2f\\x61>, 0, 0, 9) = 0\n'
    expect(() => [...eventsOfStrace(line, '/w')]).toThrow('cannot model: fallocate')
    expect([...eventsOfStrace(line, '/elsewhere')]).toEqual([])
  })

  it('is put together when strace tells it in two lines, and is of the file that the name had', () => {
    const log = [
      '1  fdatasync(3<\\x2f\\x77\\x2f\\x61> <unfinished ...>',
      '2  pwrite64(3<\\x2f\\x77\\x2f\\x61>, "\\x6f\\x6b", 2, 4) = 2',
      '2  pwrite64(4<\\x2f\\x77\\x2f\\x62>(deleted), "\\x6f\\x6b", 2, 4) = 2',
      '1  <... fdatasync resumed>) = -1 EIO (Input/output error) (INJECTED)',
    ]
    expect([...eventsOfStrace(log.join('\n'), '/w')]).toEqual([
      { did: 'begin', path: '/w/a', sync: 1 },
      { did: 'write', path: '/w/a', at: 4, bytes: Buffer.from('ok') },
      { did: 'failed', path: '/w/a', sync: 1 },
    ])
  })
})

describe('a machine', () => {
  const of = (name: Recorder['name']): Recorder => ({
    name,
    record: () => Promise.reject(new Error('not here')),
  })

  it('uses the shim where it has cc, else strace', () => {
    expect(chooseRecorder('power loss', { shim: of('shim'), strace: of('strace') }, 'true')).toMatchObject({
      use: { name: 'shim' },
    })
    expect(chooseRecorder('power loss', { shim: undefined, strace: of('strace') }, 'true')).toMatchObject({
      use: { name: 'strace' },
    })
  })

  it('with neither says that nothing ran, and fails in CI', () => {
    const none = { shim: undefined, strace: undefined }
    expect(chooseRecorder('power loss', none, undefined)).toEqual({
      say: expect.stringContaining('power loss DID NOT RUN'),
      fails: false,
    })
    expect(chooseRecorder('power loss', none, 'true')).toMatchObject({ fails: true })
  })
})
