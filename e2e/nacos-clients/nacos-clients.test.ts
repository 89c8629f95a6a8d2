/**
 * From a signed GetSecureToken to a configuration that is published, read and watched: the real service on a new data
 * folder, and clients of ACM and Nacos started with nothing but the fields of the answer. Each runs in its own process.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { type RunningServer, sources, startServer } from '../../tools/running-server.ts'
import { type PopCore, readAccess } from '../alibaba-access.ts'

const clients = process.env['NACOS_CLIENTS']
assert.ok(clients, 'NACOS_CLIENTS names the folder that the clients are installed in: run run.sh')
const load = createRequire(join(clients, 'package.json'))

/** An address of this run alone, since acm-client asks for data at port 8080 and no other. */
const HOST = `127.8.${(process.pid >> 8) % 256}.${1 + (process.pid % 254)}`
const ADDRESS_PORT = 8080
const PASSWORD = 'Correct-Horse-7'
const GROUP = 'DEFAULT_GROUP'

interface Token {
  readonly AccessKey: string
  readonly SecretKey: string
  readonly TenantId: string
  readonly AddressServerHost: string
}

/** What a client is started with. */
interface Start extends Pick<Token, 'TenantId' | 'AddressServerHost'> {
  readonly AccessKey?: string
  readonly SecretKey?: string
  readonly signatureRegionId?: string
  /** Where temporary keys of RAM are had, by the variable that clients read. */
  readonly credentialsUri?: string
}

type Step = readonly [act: string, ...given: unknown[]]

interface Outcome {
  /** Whatever clients give. */
  readonly results: readonly unknown[]
  readonly error?: string
}

// Side by side: most of the time a client waits, or tries again what was refused.
describe('clients of ACM and Nacos', { concurrency: 4 }, () => {
  let folder = ''
  let server: RunningServer
  let a: Token
  let b: Token
  const rotated: Token[] = []
  let processes = 0

  /** A client in a process of its own, with a port and a cache that no other has. */
  const run = async (client: string, token: Start, ...steps: readonly Step[]): Promise<Outcome> => {
    processes += 1
    const cacheDir = join(folder, `cache-${processes}`)
    const requestTimeout = 3000
    const task = JSON.stringify({ client, token, steps, cacheDir, requestTimeout, addressPort: ADDRESS_PORT })
    const env = {
      ...process.env,
      TASK: task,
      HOME: folder,
      ALIBABA_CLOUD_CREDENTIALS_URI: token.credentialsUri ?? '',
      // Below the ports that the system gives to connections, one of which would be in the way.
      NODE_CLUSTER_CLIENT_PORT: String(10_000 + (process.pid % 500) * 40 + processes),
    }
    const child = spawn(process.execPath, [join(import.meta.dirname, 'client.ts')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const printed = await text(child.stdout)
    return JSON.parse(printed.slice(printed.lastIndexOf('{"results"')))
  }

  const refused = async (client: string, token: Start, step: Step): Promise<void> => {
    const { results, error } = await run(client, token, step)
    assert.deepEqual(results, [])
    assert.match(String(error), /(403|429)/)
  }

  const secureToken = async (namespaceId: string): Promise<Token> => {
    const { ROAClient }: PopCore = load('@alicloud/pop-core')
    const access = readAccess(folder)
    const client = new ROAClient({
      ...access,
      endpoint: `http://${access.endpoint}`,
      apiVersion: '2017-08-01',
    })
    const answer = await client.request('GET', '/pop/v5/secure_token', { NamespaceId: namespaceId })
    return (answer as { readonly SecureToken: Token }).SecureToken
  }

  /** Secrets lie sealed: neither the database nor a log nor a metric shows one. */
  const assertNowhere = (tokens: readonly Token[], metrics: string): void => {
    const files = readdirSync(folder).filter((name) => /\.(db|db-wal|log)$/.test(name))
    assert.deepEqual(files.filter((name) => !name.endsWith('-wal')).sort(), ['service.log', 'tokenhouse.db'])
    const texts = [metrics, ...files.map((name) => readFileSync(join(folder, name), 'latin1'))]
    for (const { SecretKey } of tokens) {
      assert.ok(SecretKey.length >= 32)
      for (const text of texts) assert.ok(!text.includes(SecretKey), 'a secret is in a file or a metric')
    }
    assert.ok(texts.some((text) => text.includes(tokens[0]!.AccessKey)))
  }

  const create = async (tag: string): Promise<Token> => {
    tokenhouse('namespace', 'create', tag)
    return secureToken(tag)
  }

  const tokenhouse = (...args: string[]): void => {
    const { status, stderr } = spawnSync(process.execPath, [...sources, ...args, '--data-dir', folder], {
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'e2e-nacos-'))
    server = await startServer({
      dataDir: folder,
      adminPassword: PASSWORD,
      flags: [
        ...['--host', HOST, '--alibaba-port', '0', '--huawei-port', 'off'],
        ...['--nacos-port', '0', '--address-port', String(ADDRESS_PORT)],
        ...['--log-level', 'debug', '--log-file', join(folder, 'service.log')],
      ],
    })
    a = await create('cn-shenzhen:a')
    b = await create('cn-shenzhen:b')
  })
  after(async () => {
    const metrics = await (await fetch(`${server.faces['admin']}/metrics`)).text()
    await server.stop()
    assertNowhere([a, b, ...rotated], metrics)
    rmSync(folder, { recursive: true, force: true })
  })

  for (const client of ['nacos-config', 'acm-client']) {
    it(`${client} publishes, reads, watches and removes`, async () => {
      const app = { dataId: `${client}.yaml`, group: GROUP }
      const { results, error } = await run(
        client,
        a,
        ['publishSingle', app.dataId, GROUP, 'a: 1\nb: 值'],
        ['getConfig', app.dataId, GROUP],
        ['subscribe', app],
        ['until', '值'],
        ['publishSingle', app.dataId, GROUP, 'a: 2'],
        ['until', 'a: 2'],
        ['remove', app.dataId, GROUP],
        ['getConfig', app.dataId, GROUP],
      )
      assert.equal(error, undefined)
      assert.equal(results[1], 'a: 1\nb: 值')
      assert.deepEqual([results[0], results.at(-2), results.at(-1)], [true, true, null])
    })

    it(`${client} is refused with a wrong secret, and with the key of another namespace`, async () => {
      const secret = `${client}-secret.yaml`
      const read = ['getConfig', secret, GROUP] as const
      const write = ['publishSingle', secret, GROUP, 'stolen'] as const
      const made = await run(client, b, ['publishSingle', secret, GROUP, 'of b'])
      assert.equal(made.error, undefined)
      await Promise.all([
        refused(client, { ...b, SecretKey: a.SecretKey }, read),
        refused(client, { ...a, TenantId: b.TenantId }, write),
        refused(client, { ...b, AccessKey: a.AccessKey }, read),
      ])
      assert.deepEqual(await run(client, b, read), { results: ['of b'] })
    })
  }

  it('acm-client reads a batch', async () => {
    const { results, error } = await run(
      'acm-client',
      b,
      ['publishSingle', 'one.yaml', GROUP, '值'],
      ['batchGetConfig', ['one.yaml', 'none.yaml'], GROUP],
      ['batchQuery', ['one.yaml'], GROUP],
    )
    assert.equal(error, undefined)
    const one = { dataId: 'one.yaml', group: GROUP, status: 1, content: '值' }
    assert.deepEqual(results.slice(1), [[one, { dataId: 'none.yaml', group: GROUP, status: 2 }], [one]])
  })

  it('nacos-config signs by version 4 for the region of the namespace', async () => {
    const write = ['publishSingle', 'v4.yaml', GROUP, 'of b'] as const
    const read = ['getConfig', 'v4.yaml', GROUP] as const
    const [right] = await Promise.all([
      run('nacos-config', { ...b, signatureRegionId: 'cn-shenzhen' }, write, read),
      refused('nacos-config', { ...b, signatureRegionId: 'cn-beijing' }, read),
    ])
    assert.deepEqual(right.results, [true, 'of b'])
  })

  it('keys of RAM open nothing, not even the account’s own; where they lie beside, clients leave them', async () => {
    const write = ['publishSingle', 'ram.yaml', GROUP, 'of b'] as const
    const { accessKeyId, accessKeySecret } = readAccess(folder)
    const uri = createServer((_, response) => {
      const temporary = { AccessKeyId: 'STS.of-a-role', AccessKeySecret: 'secret', SecurityToken: 'token' }
      response.end(JSON.stringify({ Code: 'Success', ...temporary, Expiration: '2099-01-01T00:00:00Z' }))
    })
    uri.listen(0, '127.0.0.1')
    await once(uri, 'listening')
    const credentialsUri = `http://127.0.0.1:${(uri.address() as AddressInfo).port}/`
    const { AccessKey: _, SecretKey: __, ...keyless } = b
    const [beside] = await Promise.all([
      run('nacos-config', { ...b, credentialsUri }, write, ['getConfig', 'ram.yaml', GROUP]),
      refused('nacos-config', { ...b, AccessKey: accessKeyId, SecretKey: accessKeySecret }, write),
      refused('nacos-config', { ...keyless, credentialsUri }, write),
    ])
    uri.close()
    assert.deepEqual(beside.results, [true, 'of b'])
  })

  it('nacos-naming registers an instance that its tenant alone finds', async () => {
    const instance = { ip: '10.0.0.1', port: 8080, metadata: { zone: 'x' } }
    const registered = await run(
      'nacos-naming',
      a,
      ['registerInstance', 'svc', instance],
      ['getAllInstances', 'svc'],
    )
    assert.equal(registered.error, undefined)
    const [, [found]] = registered.results as [unknown, readonly (typeof instance)[]]
    assert.deepEqual([found?.ip, found?.port, found?.metadata], ['10.0.0.1', 8080, { zone: 'x' }])
    const other = await run('nacos-naming', b, ['getAllInstances', 'svc', 'DEFAULT_GROUP', '', false])
    assert.deepEqual(other.results, [[]])
    const gone = await run(
      'nacos-naming',
      a,
      ['deregisterInstance', 'svc', instance],
      ['getAllInstances', 'svc', 'DEFAULT_GROUP', '', false],
    )
    assert.deepEqual(gone.results.at(-1), [])
  })

  it('nacos-naming is refused with a wrong secret, and with the key of another namespace', async () => {
    const strange = { ip: '10.6.6.6', port: 1 }
    await Promise.all(
      [
        { ...a, SecretKey: b.SecretKey },
        { ...b, TenantId: a.TenantId },
      ].map(async (token) => {
        const { results, error } = await run('nacos-naming', token, ['registerInstance', 'svc', strange])
        assert.deepEqual(results, [])
        assert.match(String(error), /after all servers/)
      }),
    )
    const { results } = await run('nacos-naming', a, ['getAllInstances', 'svc', 'DEFAULT_GROUP', '', false])
    assert.doesNotMatch(JSON.stringify(results), /10\.6\.6\.6/)
  })

  it('a rotated key is good within its overlap, and refused without', async () => {
    const read = ['getConfig', 'kept.yaml', GROUP] as const
    const first = await create('cn-shenzhen:rotated')
    assert.equal(
      (await run('nacos-config', first, ['publishSingle', 'kept.yaml', GROUP, 'kept'])).error,
      undefined,
    )
    tokenhouse('namespace', 'rotate-keys', 'cn-shenzhen:rotated', '--overlap', '3600')
    const second = await secureToken('cn-shenzhen:rotated')
    assert.deepEqual((await run('nacos-config', first, read)).results, ['kept'])
    tokenhouse('namespace', 'rotate-keys', 'cn-shenzhen:rotated', '--overlap', '0')
    const third = await secureToken('cn-shenzhen:rotated')
    rotated.push(first, second, third)
    await Promise.all([
      refused('nacos-config', first, read),
      refused('nacos-config', second, read),
      refused('acm-client', first, read),
      refused('acm-client', second, read),
    ])
    assert.deepEqual((await run('nacos-config', third, read)).results, ['kept'])
  })
})
