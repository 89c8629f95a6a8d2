/** Agencies, access keys and the picture of who may act for whom by the real commands, on the data of a running server. */
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type RunningServer, startServer, tokenhouse } from '../../tools/running-server.ts'

const PASSWORD = 'Correct-Horse-7'

interface Named {
  readonly id: string
  readonly name: string
}

/** An agency as the commands show it. */
interface ShownAgency extends Named {
  readonly account: string
  readonly trusts: string
  readonly may: string
  readonly agents: string
}

interface Delegation {
  readonly trusted: string
  readonly account: string
  readonly through: { readonly kind: string; readonly id: string; readonly name: string }
  readonly agents: readonly string[]
  readonly grants: readonly { readonly role: string; readonly on: string }[]
}

/** An agency as OS-AGENCY lists it. */
interface ListedAgency extends Named {
  readonly duration: string
  readonly trust_domain_name: string
}

interface AssumedAgency {
  readonly token: string
  readonly user: string
  readonly roles: string
}

interface Token {
  readonly user: Named
  readonly project: Named
  readonly assumed_by: { readonly user: Named }
}

describe('agencies by the command line, beside the running server', () => {
  let folder = ''
  let dataDir = ''
  let secret = ''
  let server: RunningServer
  let admin = ''
  const ids: Record<string, string> = {}

  const run = (...argv: string[]): string => tokenhouse(dataDir, ...argv)
  const data = <Shown>(...argv: string[]): Shown => JSON.parse(run(...argv, '--json'))
  const ask = async <Body = unknown>(
    path: string,
    headers: Record<string, string>,
    body?: unknown,
    method = 'GET',
  ) => {
    const response = await fetch(`${server.faces['huawei']}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Body }
  }
  const post = async <Body>(path: string, body: unknown): Promise<Body> => {
    const answer = await ask<Body>(path, { 'x-auth-token': admin }, body, 'POST')
    assert.equal(answer.status, 201, JSON.stringify(answer.body))
    return answer.body
  }
  const validate = async (token: string) =>
    ask<{ token: Token }>('/v3/auth/tokens', { 'x-auth-token': admin, 'x-subject-token': token })

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agency-cli-'))
    dataDir = join(folder, 'data')
    secret = join(folder, 'password')
    writeFileSync(secret, PASSWORD, { mode: 0o600 })
    server = await startServer({ dataDir, adminPassword: PASSWORD })
    admin = data<{ token: string }>('token', 'issue').token
    for (const name of ['acme', 'partner'])
      ids[name] = (await post<{ domain: Named }>('/v3/domains', { domain: { name } })).domain.id
    const project = { name: 'web', domain_id: ids['acme'] }
    ids['web'] = (await post<{ project: Named }>('/v3/projects', { project })).project.id
    const user = { name: 'eve', domain_id: ids['partner'], password: PASSWORD }
    ids['eve'] = (await post<{ user: Named }>('/v3/users', { user })).user.id
  })
  after(async () => {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('agency create, list and show', () => {
    const made = data<ShownAgency>(
      'agency',
      'create',
      'operations',
      '--domain',
      'acme',
      '--trust',
      'partner',
      '--days',
      '30',
    )
    assert.deepEqual([made.name, made.account, made.trusts], ['operations', 'acme', 'partner'])
    assert.match(made.id, /^[0-9a-f]{32}$/)
    ids['agency'] = made.id
    assert.deepEqual(
      data<readonly ShownAgency[]>('agency', 'list', '--domain', 'acme').map(({ id }) => id),
      [made.id],
    )
    assert.deepEqual(data('agency', 'list', '--domain', 'partner'), [])
    const shown = data<ShownAgency>('agency', 'show', 'operations', '--domain', 'acme')
    assert.deepEqual([shown.id, shown.may, shown.agents], [made.id, '', ''])
    assert.throws(() => run('agency', 'create', 'operations', '--domain', 'acme', '--trust', 'partner'))
    assert.throws(() => run('agency', 'show', 'nothing', '--domain', 'acme'))
  })

  it('the server shows the agency that the command made', async () => {
    const { body } = await ask<{ agencies: readonly ListedAgency[] }>(
      `/v3.0/OS-AGENCY/agencies?domain_id=${ids['acme']}`,
      { 'x-auth-token': admin },
    )
    assert.deepEqual(
      body.agencies.map((agency) => [agency.id, agency.duration, agency.trust_domain_name]),
      [[ids['agency'], '720', 'partner']],
    )
  })

  it('agency grant and assume: the server takes the token at once', async () => {
    const grant = ['--agency', 'operations', '--domain', 'acme']
    data('agency', 'grant', 'te_admin', ...grant, '--project', 'web')
    assert.throws(() => run('agency', 'grant', 'admin', ...grant, '--on-account'))
    const assume = [
      '--domain',
      'acme',
      '--user',
      'eve',
      '--user-domain',
      'partner',
      '--password-file',
      secret,
    ]
    // Not before the user is an agent.
    assert.throws(() => run('agency', 'assume', 'operations', ...assume, '--project', 'web'))
    const { roles } = (
      await ask<{ roles: readonly Named[] }>('/v3/roles?name=te_agency', { 'x-auth-token': admin })
    ).body
    const place = `/v3/domains/${ids['partner']}/users/${ids['eve']}/roles/${roles[0]?.id}`
    assert.equal((await ask(place, { 'x-auth-token': admin }, undefined, 'PUT')).status, 204)
    const assumed = data<AssumedAgency>('agency', 'assume', 'operations', ...assume, '--project', 'web')
    assert.deepEqual([assumed.user, assumed.roles], ['acme/operations', 'te_admin'])
    const { status, body } = await validate(assumed.token)
    assert.equal(status, 200)
    assert.deepEqual([body.token.user.id, body.token.project.id], [ids['agency'], ids['web']])
    assert.equal(body.token.assumed_by.user.id, ids['eve'])
    ids['token'] = assumed.token
  })

  it('delegation graph: a picture, DOT and JSON', () => {
    const picture = run('delegation', 'graph')
    assert.match(picture, /partner ──▶ acme {2}\(agency operations, until 20\d\d-/)
    assert.match(picture, /├ eve\n {2}└ may: te_admin on project web/)
    const dot = run('delegation', 'graph', '--dot')
    assert.match(
      dot,
      /^digraph delegation \{\n[\s\S]*"partner" -> "acme" \[label="operations: te_admin"\]\n\}/,
    )
    const [edge] = data<readonly Delegation[]>('delegation', 'graph')
    assert.deepEqual(
      [edge?.trusted, edge?.account, edge?.through, edge?.agents, edge?.grants],
      [
        'partner',
        'acme',
        { kind: 'agency', id: ids['agency'], name: 'operations' },
        ['eve'],
        [{ role: 'te_admin', on: 'project web' }],
      ],
    )
  })

  it('access-key create: a key that signs at once, its secret shown this once', async () => {
    const key = data<{ access: string; secret: string }>(
      'access-key',
      'create',
      '--user',
      'eve',
      '--domain',
      'partner',
    )
    assert.deepEqual(Object.keys(key), ['access', 'secret'])
    const listed = run('access-key', 'list', '--user', 'eve', '--domain', 'partner', '--json')
    assert.ok(listed.includes(key.access) && !listed.includes(key.secret))
    const date = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
    const canonical = `GET\n/v3/auth/domains/\n\nx-sdk-date:${date}\n\nx-sdk-date\n${sha256('')}`
    const signature = createHmac('sha256', key.secret)
      .update(`SDK-HMAC-SHA256\n${date}\n${sha256(canonical)}`)
      .digest('hex')
    const authorization = `SDK-HMAC-SHA256 Access=${key.access}, SignedHeaders=x-sdk-date, Signature=${signature}`
    const answer = await ask<{ domains: readonly Named[] }>('/v3/auth/domains', {
      authorization,
      'x-sdk-date': date,
    })
    assert.equal(answer.status, 200)
    assert.equal(answer.body.domains[0]?.id, ids['partner'])
  })

  it('the agency deleted on the server is gone from the picture, and its token is void', async () => {
    const gone = await ask(
      `/v3.0/OS-AGENCY/agencies/${ids['agency']}`,
      { 'x-auth-token': admin },
      undefined,
      'DELETE',
    )
    assert.equal(gone.status, 204)
    assert.equal((await validate(ids['token'] ?? '')).status, 404)
    assert.equal(run('delegation', 'graph').trim(), 'nobody acts for anybody')
  })
})
