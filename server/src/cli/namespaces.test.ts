import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openAlibabaHouse } from '../testing/alibaba.ts'
import { alibabaFileOf, keepAlibabaFile } from './alibaba-file.ts'
import { runCommandLine } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-namespaces-'))

async function tokenhouse(...argv: string[]) {
  let out = ''
  let err = ''
  const exit = await runCommandLine(argv, () => Promise.reject(new Error('serves')), {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    env: {
      TOKENHOUSE_DATA_DIR: join(folder, 'var'),
      TOKENHOUSE_PASSWORD_HASH: 'bcrypt',
      TOKENHOUSE_BCRYPT_ROUNDS: '4',
    },
    cwd: folder,
  })
  return { exit, out, err }
}

async function dataOf(...argv: string[]) {
  const { exit, out, err } = await tokenhouse(...argv, '--json')
  assert.equal(exit, 0, err)
  return JSON.parse(out)
}

describe('tokenhouse namespace', () => {
  const NAME = 'cn-shenzhen:prod'
  before(async () => {
    assert.equal((await tokenhouse('bootstrap')).exit, 0)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('create makes one, and says so when it is there', async () => {
    const made = await dataOf('namespace', 'create', NAME, '--description', 'live')
    assert.equal(made.namespace, NAME)
    assert.equal(made.name, 'prod')
    assert.match(made.account, /^\d{16}$/)
    assert.equal(made.keys.length, 1)
    const again = await tokenhouse('namespace', 'create', NAME)
    assert.equal(again.exit, 1)
    assert.match(again.err, /there is a namespace cn-shenzhen:prod in domain Default already/)
    assert.equal((await tokenhouse('namespace', 'create', 'a b')).exit, 2)
  })

  it('list and show hold no secret, export does, in three forms', async () => {
    const spas = await dataOf('namespace', 'export', NAME)
    assert.deepEqual(Object.keys(spas), ['accessKey', 'secretKey', 'tenantId'])
    const { id } = await dataOf('namespace', 'show', NAME)
    for (const argv of [['list'], ['show', NAME], ['show', String(id)]]) {
      const { out } = await tokenhouse('namespace', ...argv)
      assert.match(out, /cn-shenzhen:prod/)
      assert.ok(!out.includes(spas.secretKey))
    }
    assert.equal(
      (await tokenhouse('namespace', 'export', NAME)).out,
      `accessKey=${spas.accessKey}\nsecretKey=${spas.secretKey}\ntenantId=${spas.tenantId}\n`,
    )
    const env = (await tokenhouse('namespace', 'export', NAME, '--format', 'env')).out
    assert.match(env, new RegExp(`^export spas_accessKey=${spas.accessKey}\nexport spas_secretKey=`))
    const spring = (await tokenhouse('namespace', 'export', NAME, '--format', 'spring')).out
    assert.match(spring, new RegExp(`^spring\\.cloud\\.nacos\\.discovery\\.namespace=${spas.tenantId}$`, 'm'))
    assert.equal((await tokenhouse('namespace', 'export', NAME, '--format', 'yaml')).exit, 2)
    assert.equal((await tokenhouse('namespace', 'export', 'nothing')).exit, 1)
  })

  it('rotate-keys makes another and keeps the old one for the overlap', async () => {
    const before = await dataOf('namespace', 'export', NAME)
    const { keys } = await dataOf('namespace', 'rotate-keys', NAME, '--overlap', '60')
    assert.equal(keys.length, 2)
    assert.equal(keys[0].goodUntil, null)
    assert.equal(keys[1].accessKey, before.accessKey)
    assert.match(keys[1].goodUntil, /^\d{4}-\d{2}-\d{2}T/)
    assert.equal((await dataOf('namespace', 'export', NAME)).accessKey, keys[0].accessKey)
    assert.equal((await dataOf('namespace', 'rotate-keys', NAME, '--overlap', '0')).keys.length, 1)
    for (const overlap of ['soon', '2592001', '-1']) {
      assert.equal((await tokenhouse('namespace', 'rotate-keys', NAME, '--overlap', overlap)).exit, 2)
    }
  })
})

describe('alibaba.json', () => {
  it('is written once, for its owner alone, with a key that works; later its address is kept right', async () => {
    const house = await openAlibabaHouse()
    const file = alibabaFileOf(house.ctx.settings.dataDir)
    await keepAlibabaFile(house.ctx, 'http://127.0.0.1:5002')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const { accountId, endpoint, protocol, ...key } = JSON.parse(readFileSync(file, 'utf8'))
    assert.equal(endpoint, '127.0.0.1:5002')
    assert.equal(protocol, 'http')
    const answer = await house.secureToken('cn-beijing', { key })
    assert.equal(answer.body.SecureToken.EdasId, accountId)

    await keepAlibabaFile(house.ctx, 'https://127.0.0.1:6002')
    const moved = JSON.parse(readFileSync(file, 'utf8'))
    assert.deepEqual(moved, { ...key, accountId, endpoint: '127.0.0.1:6002', protocol: 'https' })

    rmSync(file)
    await keepAlibabaFile(house.ctx, 'http://127.0.0.1:5002')
    assert.equal(existsSync(file), false)
    await house.close()
  })

  it('keeps what a person added to it', async () => {
    const house = await openAlibabaHouse()
    const file = alibabaFileOf(house.ctx.settings.dataDir)
    writeFileSync(file, '{"accessKeyId":"mine","regionId":"cn-beijing"}\n')
    await keepAlibabaFile(house.ctx, 'http://127.0.0.1:5002')
    const kept = JSON.parse(readFileSync(file, 'utf8'))
    assert.equal(kept.accessKeyId, 'mine')
    assert.equal(kept.regionId, 'cn-beijing')
    await house.close()
  })
})
