/**
 * `run.ts ROUNDS DATA_FOLDER`: starts the service on embedded SQLite, writes to it from several connections at once, kills it
 * with SIGKILL at a random moment, starts it again on the same folder and compares. An acknowledged write (created, changed
 * or deleted user, group member, revoked token) must be there; the one write that was in flight may be or not be.
 */
import { rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type RunningServer, startServer } from '../../tools/running-server.ts'

const rounds = Number(process.argv[2] ?? 100)
const dataDir = process.argv[3] ?? ''
const adminPassword = 'kill-9-password'
const WRITERS = 4
/** Milliseconds of writing before the kill, at random between the two. */
const WRITE_MS = [20, 300] as const

type Reply = { status: number; headers: Record<string, string | string[] | undefined>; json: unknown }
type Call = { method: string; path: string; token?: string; subject?: string; body?: unknown }

/** What the file knows of a user: present or absent, or unsure because a write on it was never answered. */
type Known = { present: boolean; description: string; unsure: boolean }

const users = new Map<string, Known>()
const members = new Map<string, boolean>()
let revoked: string[] = []
let agent = new Agent({ keepAlive: true })
let acknowledged = 0
const failures: string[] = []

/** One call; rejects when the connection breaks before the whole answer arrived. */
const call = (server: RunningServer, { method, path, token, subject, body }: Call): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body)
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...(token === undefined ? {} : { 'x-auth-token': token }),
      ...(subject === undefined ? {} : { 'x-subject-token': subject }),
    }
    const req = request(`${server.url}${path}`, { method, headers, agent }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('error', reject)
      res.on('aborted', () => reject(new Error('aborted')))
      res.on('end', () => {
        const answer = Buffer.concat(chunks).toString()
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          json: answer ? JSON.parse(answer) : null,
        })
      })
    })
    req.on('error', reject)
    req.end(text)
  })

const must = async (server: RunningServer, wanted: Call, status: number): Promise<Reply> => {
  const reply = await call(server, wanted)
  if (reply.status !== status)
    throw new Error(
      `${wanted.method} ${wanted.path}: ${reply.status} ${JSON.stringify(reply.json)}, wanted ${status}`,
    )
  acknowledged += 1
  return reply
}

const idOf = (reply: Reply, kind: string): string =>
  (reply.json as Record<string, { id: string }>)[kind]?.id ?? ''
const header = (reply: Reply, name: string): string => String(reply.headers[name] ?? '')

const login = async (server: RunningServer): Promise<string> => {
  const user = { name: 'admin', domain: { id: 'default' }, password: adminPassword }
  const scope = { project: { name: 'admin', domain: { id: 'default' } } }
  const body = { auth: { identity: { methods: ['password'], password: { user } }, scope } }
  return header(await must(server, { method: 'POST', path: '/auth/tokens', body }, 201), 'x-subject-token')
}

/** Changes one user's record around a write: unsure while it is in flight. */
const change = async <T>(known: Known, write: () => Promise<T>, after: Partial<Known>): Promise<T> => {
  known.unsure = true
  const result = await write()
  Object.assign(known, after, { unsure: false })
  return result
}

/** Writes until the connection breaks. */
const writer = async (
  server: RunningServer,
  token: string,
  home: { domain: string; group: string },
  mark: string,
) => {
  for (let n = 0; ; n += 1) {
    const user = { name: `${mark}-${n}`, domain_id: home.domain, description: 'first' }
    const id = idOf(
      await must(server, { method: 'POST', path: '/users', token, body: { user } }, 201),
      'user',
    )
    const known: Known = { present: true, description: 'first', unsure: false }
    users.set(id, known)
    const patch = { method: 'PATCH', path: `/users/${id}`, token, body: { user: { description: mark } } }
    await change(known, () => must(server, patch, 200), { description: mark })
    if (n % 3 === 0) {
      await must(server, { method: 'PUT', path: `/groups/${home.group}/users/${id}`, token }, 204)
      members.set(id, true)
    } else if (n % 3 === 1) {
      await change(known, () => must(server, { method: 'DELETE', path: `/users/${id}`, token }, 204), {
        present: false,
      })
    } else {
      const identity = { methods: ['token'], token: { id: token } }
      const issued = {
        method: 'POST',
        path: '/auth/tokens',
        body: { auth: { identity, scope: { domain: { id: 'default' } } } },
      }
      const subject = header(await must(server, issued, 201), 'x-subject-token')
      await must(server, { method: 'DELETE', path: '/auth/tokens', token, subject }, 204)
      revoked.push(subject)
    }
  }
}

const compare = async (
  server: RunningServer,
  token: string,
  home: { domain: string; group: string },
  round: number,
) => {
  const read = async (path: string) => {
    const { json } = await must(server, { method: 'GET', path, token }, 200)
    return new Map(
      (json as { users: { id: string; description: string }[] }).users.map((user) => [user.id, user]),
    )
  }
  const stored = await read(`/users?domain_id=${home.domain}`)
  const inGroup = await read(`/groups/${home.group}/users`)
  for (const [id, known] of users) {
    const found = stored.get(id)
    if (known.unsure) {
      Object.assign(known, {
        unsure: false,
        present: found !== undefined,
        description: found?.description ?? '',
      })
    } else if (known.present !== (found !== undefined))
      failures.push(`round ${round}: user ${id} ${known.present ? 'is missing' : 'came back'}`)
    else if (found && found.description !== known.description)
      failures.push(
        `round ${round}: user ${id} lost its change (${found.description}, not ${known.description})`,
      )
  }
  for (const id of members.keys())
    if (!inGroup.has(id)) failures.push(`round ${round}: member ${id} is missing`)
  for (const subject of revoked) {
    const { status } = await call(server, { method: 'GET', path: '/auth/tokens', token, subject })
    if (status !== 404) failures.push(`round ${round}: a revoked token is valid again (${status})`)
  }
}

/** The bundle, not the sources: it starts in a fraction of the time. */
const start = () => startServer({ dataDir, adminPassword, program: ['bin/tokenhouse.mjs'] })

const main = async (): Promise<void> => {
  let server = await start()
  let token = await login(server)
  const domain = idOf(
    await must(server, { method: 'POST', path: '/domains', token, body: { domain: { name: 'kill' } } }, 201),
    'domain',
  )
  const body = { group: { name: 'kill', domain_id: domain } }
  const home = {
    domain,
    group: idOf(await must(server, { method: 'POST', path: '/groups', token, body }, 201), 'group'),
  }
  for (let round = 1; round <= rounds; round += 1) {
    const writers = Array.from({ length: WRITERS }, (_, index) =>
      writer(server, token, home, `r${round}w${index}`),
    )
    const ended = Promise.all(writers.map((one) => one.catch((error: Error) => error)))
    await new Promise((resolve) =>
      setTimeout(resolve, WRITE_MS[0] + Math.random() * (WRITE_MS[1] - WRITE_MS[0])),
    )
    await server.stop('SIGKILL')
    for (const error of await ended) if (!('code' in error) && error.message !== 'aborted') throw error
    agent.destroy()
    agent = new Agent({ keepAlive: true })
    server = await start()
    token = await login(server)
    await compare(server, token, home, round)
    // Tokens of this round are enough: an earlier one was compared in each round since.
    revoked = revoked.slice(-20)
    if (failures.length > 0) break
    if (round % 20 === 0)
      console.log(`round ${round}: ${acknowledged} acknowledged calls, ${users.size} users, all there`)
  }
  const code = await server.stop()
  if (code !== 0) failures.push(`the last stop exited ${code}`)
  const database = new DatabaseSync(join(dataDir, 'tokenhouse.db'))
  const check = database.prepare('pragma integrity_check').all()
  if (JSON.stringify(check) !== '[{"integrity_check":"ok"}]')
    failures.push(`integrity_check: ${JSON.stringify(check)}`)
  database.close()
}

try {
  await main()
} catch (error) {
  failures.push(error instanceof Error ? error.message : String(error))
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}
for (const failure of failures) console.log(`FAILED: ${failure}`)
console.log(failures.length === 0 ? `${rounds} passed, 0 failed` : `0 passed, ${failures.length} failed`)
process.exit(failures.length === 0 ? 0 : 1)
