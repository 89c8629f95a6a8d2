import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { openHuawei } from '../../../testing/huawei.ts'

const DASHBOARD = 'https://horizon.example/auth/websso/'
const START = `/v3/auth/OS-FEDERATION/identity_providers/acme/protocols/openid/websso?origin=${encodeURIComponent(DASHBOARD)}`
const CALLBACK = '/v3/auth/OS-FEDERATION/identity_providers/acme/protocols/openid/websso/callback'
const FORGED = { host: 'evil.test', 'x-forwarded-host': 'evil.test', forwarded: 'host=evil.test' }

describe('where a browser is sent back to', () => {
  let provider: Server
  let issuer: string
  before(async () => {
    provider = createServer((_, answer) => {
      answer.setHeader('content-type', 'application/json')
      const [authorization_endpoint, jwks_uri] = [`${issuer}/auth`, `${issuer}/jwks`]
      answer.end(
        JSON.stringify({ issuer, authorization_endpoint, token_endpoint: `${issuer}/token`, jwks_uri }),
      )
    })
    await new Promise<void>((done) => provider.listen(0, '127.0.0.1', done))
    issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
  })
  after(() => provider.close())

  async function houseWithProvider(settings: {
    publicUrl?: string
    huaweiPublicUrl?: string
  }): Promise<House> {
    const house = await openHouse({ ...settings, trustedDashboards: [DASHBOARD] })
    const token = await house.admin()
    const send = (method: string, path: string, body: unknown) => house.call(method, path, { token, body })
    await send('PUT', '/v3/OS-FEDERATION/identity_providers/acme', { identity_provider: { enabled: true } })
    await send('PUT', '/v3/OS-FEDERATION/mappings/m', {
      mapping: { rules: [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'sub' }] }] },
    })
    await send('PUT', '/v3/OS-FEDERATION/identity_providers/acme/protocols/openid', {
      protocol: { mapping_id: 'm' },
    })
    const made = await send('POST', '/v3.0/OS-FEDERATION/identity-providers/acme/openid-connect-config', {
      openid_connect_config: {
        access_mode: 'program_console',
        idp_url: issuer,
        client_id: 'us',
        signing_key: '',
        allow_private_addresses: true,
      },
    })
    assert.equal(made.status, 201, made.text)
    return house
  }
  const redirectUri = (location = ''): string => new URL(location).searchParams.get('redirect_uri') ?? ''

  it('a forged Host header does not steer the redirect URI: public-url is it, on either face', async () => {
    const house = await houseWithProvider({
      publicUrl: 'https://id.example/v3',
      huaweiPublicUrl: 'https://iam.example',
    })
    const huawei = openHuawei(house)
    for (const [face, own] of [
      [house, 'https://id.example'],
      [huawei, 'https://iam.example'],
    ] as const) {
      const answer = await face.call('GET', START, { headers: FORGED })
      assert.equal(answer.status, 302, answer.text)
      assert.equal(redirectUri(answer.headers['location']), `${own}${CALLBACK}`)
    }
    await huawei.close()
    await house.close()
  })

  it('400 without public-url at a name that only the Host header gives, at both ends of the way', async () => {
    const house = await houseWithProvider({})
    const message = 'The address of this request is not known to be the service’s own: set public-url.'
    for (const headers of [{}, FORGED]) {
      const begun = await house.call('GET', START, { headers })
      assert.deepEqual([begun.status, begun.body.error.message], [400, message])
      assert.equal(begun.headers['location'], undefined)
      const cookie = 'tokenhouse-websso=s1.AAAA'
      const back = await house.call('GET', `${CALLBACK}?code=x&state=y`, { headers: { ...headers, cookie } })
      assert.deepEqual([back.status, back.body.error.message], [400, message])
    }
    await house.close()
  })

  it('302 at the very address that is listened at, without any setting; 400 there by another name', async () => {
    const house = await houseWithProvider({})
    const listening = await house.face.listen({ port: 0, host: '127.0.0.1' })
    const answer = await fetch(`${listening}${START}`, { redirect: 'manual' })
    assert.equal(answer.status, 302)
    assert.equal(redirectUri(answer.headers.get('location') ?? ''), `${listening}${CALLBACK}`)
    await house.close()
  })
})
