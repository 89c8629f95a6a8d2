/** Where a secret may be seen: in GetSecureToken, and nowhere else. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { requestMetrics } from '../../http/metrics.ts'
import { openLog } from '../../log.ts'
import { type AlibabaHouse, openAlibabaHouse } from '../../testing/alibaba.ts'
import { allRows } from '../../testing/rows.ts'

describe("a namespace's secret", () => {
  let house: AlibabaHouse
  let secrets: readonly string[] = []
  before(async () => {
    house = await openAlibabaHouse()
    const { SecureToken } = (await house.secureToken('cn-beijing')).body
    secrets = [SecureToken.SecretKey, house.root.accessKeySecret]
  })
  after(() => house.close())
  const assertFree = (text: string, where: string): void => {
    for (const secret of secrets) {
      assert.ok(secret.length >= 32)
      for (const form of [secret, Buffer.from(secret).toString('base64').slice(0, -4)]) {
        assert.ok(!text.includes(form), `a secret in ${where}`)
        assert.ok(!text.includes(encodeURIComponent(form)), `a secret in ${where}`)
      }
    }
  }

  it('lies sealed in the database, which holds no table with it', async () => {
    assertFree(await allRows(house), 'the database')
  })

  it('is on the audit trail each time it is read: who, what, when, and not what it is', async () => {
    const lines = async () =>
      (await allRows(house)).split('\n').filter((line) => line.includes('"action":"GetSecureToken"'))
    const before = (await lines()).length
    const { headers } = await house.secureToken('cn-beijing')
    await house.secureToken('cn-beijing', { scheme: 'roa' })
    const written = await lines()
    assert.equal(written.length, before + 2)
    const request = String(headers['x-acs-request-id']).toLowerCase()
    const line = written.find((text) => text.includes(request))
    assert.ok(line)
    assert.ok(line.includes('"reason":"secret read"'))
    assert.match(line, /"target":"namespace:\d+:cn-beijing"/)
    assert.match(line, /"actor_id":"[0-9a-f]{32}"/)
    assertFree(written.join('\n'), 'the audit trail')
  })

  it('is in no other answer (Casdoor CVE-2026-90942)', async () => {
    const wrong = { ...house.root, accessKeySecret: `${house.root.accessKeySecret}x` }
    const reader = await house.person('reader')
    const answers = [
      await house.send({ path: '/pop/v5/user_region_defs', action: 'ListUserDefineRegion' }),
      await house.send({
        method: 'GET',
        path: '/pop/v5/region_config',
        action: 'QueryRegionConfig',
      }),
      await house.secureToken('cn-beijing', { key: wrong }),
      await house.secureToken('cn-beijing', { key: wrong, scheme: 'roa' }),
      await house.send({ action: 'X', scheme: 'rpc', key: wrong }),
      await house.secureToken('cn-beijing', { key: reader }),
      await house.secureToken('cn-nowhere'),
      await house.secureToken(secrets[0]!.slice(0, 8)),
    ]
    for (const { text, headers } of answers) assertFree(text + JSON.stringify(headers), 'an answer')
  })

  it('is in no table and no answer once a role session is had, nor is the session’s own', async () => {
    const wish = { RoleArn: 'acs:ram::1:role/none', RoleSessionName: 'ci', OIDCToken: secrets[0]! }
    const answers = [
      await house.send({ version: '2015-04-01', action: 'AssumeRole', parameters: wish }),
      await house.send({
        version: '2015-04-01',
        action: 'AssumeRoleWithOIDC',
        parameters: { ...wish, OIDCProviderArn: 'acs:ram::1000000000000000:oidc-provider/x' },
        key: null,
      }),
      await house.send({ version: '2019-05-31', action: 'ListClusters' }),
      await house.send({
        version: '2015-05-01',
        action: 'ListAccessKeys',
        parameters: { UserName: 'admin' },
      }),
    ]
    for (const { text } of answers) assertFree(text, 'an answer')
    assert.equal(answers[3]!.status, 200)
    assertFree(await allRows(house), 'the database')
  })

  it('is in no log and no metric, not even of a fault (CVE-2015-3646)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-log-'))
    const logFile = join(folder, 'log')
    const log = openLog({ ...house.ctx.settings, logLevel: 'debug', logFile })
    const metrics = requestMetrics()
    const { alibabaDialect } = await import('./index.ts')
    const { buildFace } = await import('../../http/face.ts')
    const face = buildFace({
      ctx: { ...house.ctx, keys: { ...house.ctx.keys, open: failing } },
      wires: [alibabaDialect({ secretAction: undefined })],
      maxBodyBytes: 100_000,
      onFault: (error, { requestId, method, path }) =>
        log.error({ err: error, requestId, method, path }, 'fault'),
      onDone: (done) => metrics.observe('alibaba', done),
    })
    function failing(): string {
      throw new Error('a sealed value that does not open')
    }
    const authorization = `ACS3-HMAC-SHA256 Credential=${house.root.accessKeyId},SignedHeaders=host;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=00`
    const answer = await face.inject({
      method: 'GET',
      url: '/pop/v5/secure_token?NamespaceId=cn-beijing',
      headers: {
        host: 'h',
        authorization,
        'x-acs-version': '2017-08-01',
        'x-acs-date': new Date(house.ctx.now() / 1000).toISOString().replace(/\.\d+/, ''),
        'x-acs-signature-nonce': 'n',
        'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      },
    })
    assert.equal(answer.statusCode, 500)
    assert.equal(answer.json().Code, 'InternalError')
    await face.close()
    log.flush?.()
    const logged = readFileSync(logFile, 'utf8')
    assert.match(logged, /does not open/)
    assertFree(logged + metrics.render() + answer.payload, 'the log, a metric or the answer')
    rmSync(folder, { recursive: true, force: true })
  })
})
