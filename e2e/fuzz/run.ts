/**
 * `run.ts DATA_FOLDER SEED PASSES`: starts the service and sends it bad input on every route: without a token, with a garbage
 * one, as an administrator and as a plain member. Asked of every answer: below 500, an error in the Keystone wire's own form,
 * nothing of the input echoed into headers. At the end: the server lives, its data are as they were, its memory did not grow.
 */
import { readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { type RunningServer, startServer } from '../../tools/running-server.ts'
import { routes } from '../keystone-diff/routes.ts'
import {
  malformed,
  oddBody,
  oddHeaders,
  oddQueries,
  oddSegments,
  oneOf,
  type Random,
  randomFrom,
  rawRequests,
} from './bad-input.ts'

const dataDir = process.argv[2] ?? ''
const seed = Number(process.argv[3] ?? 1)
const passes = Number(process.argv[4] ?? 4)
const adminPassword = 'fuzz-password'
/** Bytes that the server may grow between the second pass and the last. */
const GROWTH_MB = 48

type Sent = { method: string; path: string; headers: Record<string, string>; body: Buffer<ArrayBufferLike> }
type Answer = { status: number; headers: Record<string, string | string[] | undefined>; text: string }

const agent = new Agent({ keepAlive: true, maxSockets: 4 })
const failures = new Map<string, string>()
let calls = 0
const statuses = new Map<number, number>()

const send = (url: string, sent: Sent): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const { method, path } = sent
    const headers = {
      ...sent.headers,
      ...(sent.body.length > 0 ? { 'content-length': sent.body.length } : {}),
    }
    const req = request({ hostname, port, method, path, headers, agent }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('error', reject)
      res.on('end', () =>
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      )
    })
    req.on('error', reject)
    req.end(sent.body)
  })

/** What is wrong with an answer, or undefined. */
const fault = (sent: Sent, answer: Answer): string | undefined => {
  const { status, headers, text } = answer
  // 501 says, in the wire's own form, that an operation is not spoken.
  if (status >= 500 && status !== 501) return `${status} ${text.slice(0, 200)}`
  if ('x-injected' in headers) return 'the input became a header'
  if (status < 400 || sent.method === 'HEAD' || status === 431) return undefined
  // Unknown paths have werkzeug's page, wrong methods and OAuth 2.0 their own forms; the rest is {"error": {...}}.
  const type = String(headers['content-type'] ?? '')
  if (status === 404 && type.startsWith('text/html')) return undefined
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return status === 405 && type.startsWith('text/html')
      ? undefined
      : `${status} that is no JSON: ${text.slice(0, 200)}`
  }
  const { error, code, message } = json as {
    error?: { code?: unknown; title?: unknown; message?: unknown } | string
    code?: unknown
    message?: unknown
  }
  if (typeof error === 'string' || (status === 405 && typeof message === 'string')) return undefined
  if (status === 413 && typeof code === 'string') return undefined
  if (status === 401 && 'receipt' in (json as object)) return undefined
  if (
    typeof error === 'object' &&
    error.code === status &&
    typeof error.title === 'string' &&
    typeof error.message === 'string'
  ) {
    return /\bat \S+ \(|node:internal|\.ts:\d+|SQLITE|sqlite_|kysely/i.test(error.message)
      ? `${status} tells of its insides: ${error.message.slice(0, 200)}`
      : undefined
  }
  return `${status} in another form: ${text.slice(0, 200)}`
}

const shown = (sent: Sent): string =>
  `${sent.method} ${sent.path.slice(0, 120)} ${JSON.stringify({ ...sent.headers, 'x-auth-token': undefined }).slice(0, 160)} ${sent.body.toString('latin1').slice(0, 300)}`

/**
 * Failures of the sending side: what Node's client refuses to send; a pipe that breaks because the server has refused a long
 * request before its end; and a body in an answer to HEAD when the headers were too large for the method to be known.
 */
const isClientTrouble = (sent: Sent, code: string): boolean =>
  ['ERR_INVALID_CHAR', 'ERR_UNESCAPED_CHARACTERS'].includes(code) ||
  (['EPIPE', 'ECONNRESET'].includes(code) && sent.body.length >= 100_000) ||
  (code === 'HPE_CLOSED_CONNECTION' && sent.method === 'HEAD')

const attempt = async (url: string, route: string, sent: Sent, refuse = false): Promise<void> => {
  calls += 1
  try {
    const answer = await send(url, sent)
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    const wrong =
      fault(sent, answer) ??
      (refuse && answer.status < 400 ? `${answer.status}: malformed input was taken` : undefined)
    if (wrong) failures.set(`${sent.method} ${route}: ${wrong.slice(0, 60)}`, `${wrong}\n    ${shown(sent)}`)
  } catch (error) {
    if (!isClientTrouble(sent, (error as NodeJS.ErrnoException).code ?? ''))
      failures.set(`${sent.method} ${route}: no answer`, `no answer (${String(error)})\n    ${shown(sent)}`)
  }
}

const raw = (url: string, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    const chunks: Buffer[] = []
    const timer = setTimeout(() => socket.destroy(), 300)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      calls += 1
      const text = Buffer.concat(chunks).toString()
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status >= 500)
        failures.set(`raw: ${status}`, `${text.slice(0, 200)}\n    ${bytes.toString('latin1').slice(0, 200)}`)
      resolve()
    })
  })

const header = (answer: Answer, name: string): string => String(answer.headers[name] ?? '')
const login = async (url: string, user: unknown, scope: unknown): Promise<string> => {
  const body = Buffer.from(
    JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } }, scope } }),
  )
  const answer = await send(url, {
    method: 'POST',
    path: '/v3/auth/tokens',
    headers: { 'content-type': 'application/json' },
    body,
  })
  if (answer.status !== 201) throw new Error(`login: ${answer.status} ${answer.text}`)
  return header(answer, 'x-subject-token')
}

const methodsOf = (route: string): readonly string[] =>
  routes.find(({ path }) => path === route)?.methods ?? []

/** One pass over all routes. `victims` are ids that exist. */
const pass = async (
  url: string,
  random: Random,
  tokens: readonly (string | undefined)[],
  victims: readonly string[],
): Promise<void> => {
  for (const { path: route } of routes) {
    const fillIn = () =>
      route.replace(/\{\w+\}/g, () => (random() < 0.4 ? oneOf(random, victims) : oneOf(random, oddSegments)))
    const sentTo = (
      method: string,
      headers: Readonly<Record<string, string>>,
      body: Buffer<ArrayBufferLike> = Buffer.alloc(0),
    ): Sent => {
      const token = oneOf(random, tokens)
      const all = {
        accept: 'application/json',
        'content-type': 'application/json',
        ...(token === undefined ? {} : { 'x-auth-token': token }),
        ...headers,
      }
      return {
        method,
        path: fillIn() + (random() < 0.5 ? oneOf(random, oddQueries) : ''),
        headers: all,
        body,
      }
    }
    for (const method of [
      ...methodsOf(route),
      oneOf(random, ['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'TRACE', 'PROPFIND', 'SEARCH']),
    ]) {
      await attempt(url, route, sentTo(method, oneOf(random, oddHeaders)))
      if (!['POST', 'PUT', 'PATCH'].includes(method)) continue
      for (let n = 0; n < 10; n += 1)
        await attempt(
          url,
          route,
          sentTo(method, random() < 0.3 ? oneOf(random, oddHeaders) : {}, oddBody(random, route)),
        )
      const [, bad] = oneOf(random, malformed)
      await attempt(
        url,
        route,
        sentTo(method, {}, bad),
        methodsOf(route).includes(method) && !takesNoBody(route, method),
      )
    }
  }
  for (const bytes of rawRequests) await raw(url, bytes)
}

/** Operations that take no body never look at one. */
const takesNoBody = (route: string, method: string): boolean =>
  (method === 'PUT' &&
    !/config|regions\/|tags$|identity_providers|mappings|service_providers|authorize/.test(route)) ||
  /OS-OAUTH1|OS-OAUTH2|OS-FEDERATION|\/auth\/OS|tags\/\{/.test(route)

const rssMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

const snapshot = async (url: string, token: string): Promise<string> => {
  const read = async (path: string) =>
    (await send(url, { method: 'GET', path, headers: { 'x-auth-token': token }, body: Buffer.alloc(0) })).text
  const roles = await read(
    '/v3/role_assignments?user.id=' +
      (JSON.parse(await read('/v3/users?name=admin')) as { users: { id: string }[] }).users[0]?.id,
  )
  return `${roles} ${await read('/v3/users?name=admin')} ${await read('/v3/domains/default')}`
}

const main = async (server: RunningServer): Promise<void> => {
  const url = server.url.replace(/\/v3$/, '')
  const byName = { name: 'admin', domain: { id: 'default' }, password: adminPassword }
  const adminScope = { project: { name: 'admin', domain: { id: 'default' } } }
  const admin = await login(url, byName, adminScope)
  const create = async (path: string, kind: string, value: object): Promise<string> => {
    const headers = { 'content-type': 'application/json', 'x-auth-token': admin }
    const answer = await send(url, {
      method: 'POST',
      path: `/v3${path}`,
      headers,
      body: Buffer.from(JSON.stringify({ [kind]: value })),
    })
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`)
    return (JSON.parse(answer.text) as Record<string, { id: string }>)[kind]?.id ?? ''
  }
  const before = await snapshot(url, admin)
  const random = randomFrom(seed)
  let settled = 0
  for (let index = 0; index < passes; index += 1) {
    const mark = `fuzz-${index}`
    const domain = await create('/domains', 'domain', { name: mark })
    const project = await create('/projects', 'project', { name: mark, domain_id: domain })
    const user = await create('/users', 'user', { name: mark, domain_id: domain, password: 'fuzz' })
    const role = await create('/roles', 'role', { name: mark })
    const group = await create('/groups', 'group', { name: mark, domain_id: domain })
    const grant = `/v3/projects/${project}/users/${user}/roles/${role}`
    await send(url, { method: 'PUT', path: grant, headers: { 'x-auth-token': admin }, body: Buffer.alloc(0) })
    const member = await login(url, { id: user, password: 'fuzz' }, { project: { id: project } })
    await pass(
      url,
      random,
      [admin, admin, admin, member, 'garbage', undefined],
      [domain, project, user, role, group],
    )
    const rss = rssMb(server.pid)
    if (index === 1) settled = rss
    console.log(`pass ${index + 1}: ${calls} calls, ${Math.round(rss)} MB`)
    if (index === passes - 1 && settled > 0 && rss - settled > GROWTH_MB)
      failures.set('memory', `grew from ${Math.round(settled)} MB to ${Math.round(rss)} MB`)
  }
  const again = await login(url, byName, adminScope)
  if ((await snapshot(url, again)) !== before)
    failures.set('data', "the administrator's account or the default domain changed")
}

const server = await startServer({ dataDir, adminPassword })
try {
  await main(server)
} catch (error) {
  failures.set('run', error instanceof Error ? error.message : String(error))
}
agent.destroy()
const code = await server.stop()
if (code !== 0) failures.set('stop', `the server exited ${code}`)
rmSync(dataDir, { recursive: true, force: true })
const counted = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
console.log(`seed ${seed}; ${counted.join(', ')}`)
for (const [name, detail] of failures) console.log(`FAILED: ${name}\n    ${detail}`)
console.log(`${calls - failures.size} passed, ${failures.size} failed`)
process.exit(failures.size === 0 ? 0 : 1)
