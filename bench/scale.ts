/**
 * Does it matter how much is in the database? The same questions to a small house and to one with 100,000 users, a million
 * grants and a million revocations, where they have answers of the same length; and whether others are answered while
 * somebody lists everything.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createLoad, median, newStates, percentile, requestBytes, type Traffic } from './kit/load.ts'
import { cpuMsOfAll, memoryOf } from './kit/machine.ts'
import { noFalseVerdicts, report } from './kit/report.ts'
import { ask, login, manyTokens, revoke, startTokenhouse, type Target } from './kit/target.ts'

const GRANTS_PER_USER = 10
const USERS_PER_PROJECT = 100
const ROUNDS = 5
const SLICE_MS = 1000
/** Tokens that are validated once each after a change made everything be forgotten. */
const COLD = 500
const COLD_NAME = 'validate, nothing remembered'
const LISTING_MS = 10_000
/** A list may not keep anybody else waiting longer than this. */
const GOAL_MS = 100

interface Size {
  readonly users: number
  readonly revocations: number
}

const SMALL: Size = { users: 1000, revocations: 0 }
const LARGE: Size = { users: 100_000, revocations: 1_000_000 }

const userId = (n: number): string => `a${n.toString(16).padStart(31, '0')}`
const projectId = (n: number): string => `b${n.toString(16).padStart(31, '0')}`

/** Users with ten grants each, spread evenly over projects of a hundred users each. */
function fill(dataDir: string, { users, revocations }: Size): void {
  const database = new DatabaseSync(join(dataDir, 'tokenhouse.db'))
  const projects = (users * GRANTS_PER_USER) / USERS_PER_PROJECT
  const numbers = (count: number): string =>
    `with recursive n(i) as (select 0 union all select i + 1 from n where i < ${count - 1})`
  database.exec(`begin;
    insert into project (id, domain_id, name, description, enabled, parent_id, is_domain, options, extra,
      tokens_valid_from, created_at)
    ${numbers(projects)} select 'b' || printf('%031x', i), 'default', 'project-' || i, '', 1, 'default', 0, '{}', '{}', 0, 0 from n;
    insert into "user" (id, domain_id, name, kind, enabled, default_project_id, options, extra, tokens_valid_from,
      created_at, last_active_at, failed_auth_count, failed_auth_at)
    ${numbers(users)} select 'a' || printf('%031x', i), 'default', 'user-' || i, 'local', 1, null, '{}', '{}', 0, 0, null, 0, 0 from n;
    insert into assignment (actor_kind, actor_id, target_kind, target_id, role_id, inherited)
    ${numbers(users * GRANTS_PER_USER)} select 'user', 'a' || printf('%031x', i / ${GRANTS_PER_USER}), 'project',
      'b' || printf('%031x', (i / ${GRANTS_PER_USER} + (i % ${GRANTS_PER_USER}) * ${projects / GRANTS_PER_USER}) % ${projects}),
      (select id from role where name = 'reader'), 0 from n;
    ${
      revocations === 0
        ? ''
        : `insert into revocation (kind, id, revoked_at, expires_at) ${numbers(revocations)}
           select 'token', 'r' || printf('%021x', i * 2654435761 % 4294967296), 0, 9e15 from n where true
           on conflict do nothing;`
    }
    commit; pragma wal_checkpoint(truncate)`)
  database.close()
}

interface House {
  readonly target: Target
  readonly own: string
  readonly tokens: readonly string[]
}

async function openHouse(dataDir: string, size: Size): Promise<House> {
  const first = await startTokenhouse([], dataDir)
  await first.stop()
  fill(dataDir, size)
  const target = await startTokenhouse([], dataDir)
  const own = await login(target)
  return { target, own, tokens: await manyTokens(target, own, COLD) }
}

function trafficOf({ target, own }: House, path: string): Traffic {
  const request = requestBytes('GET', new URL(target.url + path), {
    'X-Auth-Token': own,
    'X-Subject-Token': own,
  })
  return {
    url: target.url,
    requests: [request],
    ok: [200],
    refused: [401, 403, 404],
    connections: 1,
    states: newStates(1),
  }
}

/** CPU microseconds of one validation of a token that nothing is remembered of. */
async function coldCpu({ target, own, tokens }: House, round: number): Promise<number> {
  const headers = { 'X-Auth-Token': own }
  const region = await ask(target, 'PATCH', '/regions/RegionOne', {
    headers,
    body: { region: { description: `round ${round}` } },
  })
  if (region.status !== 200) throw new Error(`no change: ${region.status} ${region.text}`)
  await ask(target, 'GET', '/auth/tokens', { headers: { ...headers, 'X-Subject-Token': own } })
  const before = cpuMsOfAll(target.pids)
  for (const token of tokens) {
    const { status } = await ask(target, 'HEAD', '/auth/tokens', {
      headers: { ...headers, 'X-Subject-Token': token },
    })
    if (status !== 200) throw new Error(`a good token was answered ${status}`)
  }
  return ((cpuMsOfAll(target.pids) - before) * 1000) / tokens.length
}

interface Question {
  readonly name: string
  readonly path: string
  readonly rows: number
}

const QUESTIONS: readonly Question[] = [
  { name: 'validate, both tokens remembered', path: '/auth/tokens', rows: 1 },
  { name: 'users?name=', path: '/users?name=user-777', rows: 1 },
  {
    name: 'role_assignments?effective&user.id=',
    path: `/role_assignments?effective&user.id=${userId(777)}`,
    rows: GRANTS_PER_USER,
  },
  {
    name: 'role_assignments?effective&scope.project.id=',
    path: `/role_assignments?effective&scope.project.id=${projectId(77)}`,
    rows: USERS_PER_PROJECT,
  },
  {
    name: 'role_assignments?effective&limit=100',
    path: '/role_assignments?effective&limit=100',
    rows: 100,
  },
]

const folders = [SMALL, LARGE].map(() => mkdtempSync(join(tmpdir(), 'tokenhouse-bench-')))
const load = createLoad()
const houses: House[] = []
try {
  for (const [n, size] of [SMALL, LARGE].entries()) houses.push(await openHouse(folders[n] ?? '', size))
  const costs = new Map<string, number[][]>(
    [...QUESTIONS.map(({ name }) => name), COLD_NAME].map((name) => [name, [[], []]]),
  )
  for (const { path, rows } of QUESTIONS.slice(1)) {
    for (const { target, own } of houses) {
      const { text } = await ask(target, 'GET', path, { headers: { 'X-Auth-Token': own } })
      const [list] = Object.values(JSON.parse(text)).filter(Array.isArray)
      if (list?.length !== rows) throw new Error(`${path}: ${list?.length} rows, not ${rows}`)
    }
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [n, house] of houses.entries()) {
      costs.get(COLD_NAME)?.[n]?.push(await coldCpu(house, round))
      for (const { name, path } of QUESTIONS) {
        const before = cpuMsOfAll(house.target.pids)
        const { count, errors, falseRejects } = await load.slice(trafficOf(house, path), SLICE_MS)
        if (errors + falseRejects > 0) throw new Error(`${name}: ${errors} errors, ${falseRejects} refused`)
        costs.get(name)?.[n]?.push(((cpuMsOfAll(house.target.pids) - before) * 1000) / count)
      }
    }
  }
  const ratios: { name: string; ratio: number }[] = []
  const rows = [...costs].map(([name, [small = [], large = []]]) => {
    const ratio = median(large.map((cost, n) => cost / (small[n] ?? Number.NaN)))
    ratios.push({ name, ratio })
    const answered = QUESTIONS.find((question) => question.name === name)?.rows ?? 1
    return [
      name,
      median(small).toFixed(0),
      median(large).toFixed(0),
      ratio.toFixed(2),
      String(answered),
      (median(large) / answered).toFixed(1),
    ]
  })
  const { listing, validation, megabytes } = await listEverything(houses[1]!)
  report(
    {
      question: 'Scale',
      setup: `${LARGE.users} users, ${LARGE.users * GRANTS_PER_USER} grants, ${LARGE.revocations} revocations, against ${SMALL.users} users and none`,
    },
    [['row', 'small, CPU µs', 'large, CPU µs', 'large / small', 'rows', 'large, CPU µs per row'], ...rows],
    [
      ...ratios.map(({ name, ratio }) => ({
        text: `${name}: as much in the large house as in the small (within half)`,
        reached: ratio <= 1.5,
      })),
      {
        text: `role_assignments?effective of everybody (${listing}; ${megabytes} MB resident): others wait at most ${GOAL_MS} ms (p50 ${validation.p50}, p99 ${validation.p99}, most ${validation.most.toFixed(0)} ms)`,
        reached: validation.most <= GOAL_MS,
      },
      noFalseVerdicts([validation]),
    ],
  )
} finally {
  await load.stop()
  for (const { target } of houses) await target.stop()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}

/** Reads the list of all roles in effect for some seconds while others validate, one of whose tokens is revoked. */
async function listEverything(house: House) {
  const { target, own, tokens } = house
  const states = newStates(tokens.length)
  const url = new URL(`${target.url}/auth/tokens`)
  const validation: Traffic = {
    url: target.url,
    requests: tokens.map((token) =>
      requestBytes('GET', url, { 'X-Auth-Token': own, 'X-Subject-Token': token }),
    ),
    ok: [200],
    refused: [404],
    connections: 4,
    pauseMs: 4,
    states,
  }
  const stopped = new AbortController()
  let bytes = 0
  const reading = (async () => {
    const answer = await fetch(`${target.url}/role_assignments?effective`, {
      headers: { 'X-Auth-Token': own },
      signal: stopped.signal,
    })
    for await (const chunk of answer.body ?? []) bytes += chunk.length
  })().catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error
  })
  const measuring = load.slice(validation, LISTING_MS)
  await new Promise((resolve) => setTimeout(resolve, LISTING_MS / 2))
  await revoke(target, own, { token: tokens[7] ?? '', index: 7, states })
  const { latenciesMs, ...judged } = await measuring
  stopped.abort()
  await reading
  const { nowMb } = memoryOf(target.pids[0] ?? 0)
  return {
    listing: `${(bytes / 1e6).toFixed(0)} MB in ${LISTING_MS / 1000} s`,
    megabytes: nowMb.toFixed(0),
    validation: {
      ...judged,
      p50: percentile(latenciesMs, 0.5).toFixed(2),
      p99: percentile(latenciesMs, 0.99).toFixed(2),
      most: percentile(latenciesMs, 1),
    },
  }
}
