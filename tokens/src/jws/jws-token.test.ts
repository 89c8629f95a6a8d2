/** Claims made by hand and signed with the real key: what a holder of the key could say that means nothing. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Claims, Link } from '../claims.ts'
import type { Refused } from '../refused.ts'
import { signCompact } from './compact.ts'
import { decodeJws, encodeJws } from './jws-token.ts'
import { jwsKey, jwsKeyring } from './keys.ts'

const key = jwsKey('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'k1')
const keyring = jwsKeyring([key])

const session: Claims = {
  userId: 'd3f5a0c1b2e4968778695a4b3c2d1e0f',
  methods: ['password'],
  scope: { kind: 'project', id: '0123456789abcdef0123456789abcdef' },
  via: [],
  auditIds: ['AAECAwQFBgcICQoLDA0ODw'],
  issuedAt: 1700000000,
  expiresAt: 1700086400,
}

function decode(body: Readonly<Record<string, unknown>>): Claims | Refused {
  return decodeJws(signCompact(body, key), keyring)
}

function bodyOf(claims: Claims): Record<string, unknown> {
  const [, payload = ''] = encodeJws(claims, keyring).split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
}

describe('a JWS session token', () => {
  it("says what Keystone's says, in its order, and nothing that is not there", () => {
    assert.deepEqual(Object.entries(bodyOf(session)), [
      ['sub', session.userId],
      ['iat', 1700000000],
      ['exp', 1700086400],
      ['openstack_methods', ['password']],
      ['openstack_audit_ids', session.auditIds],
      ['openstack_project_id', '0123456789abcdef0123456789abcdef'],
    ])
  })

  it('keeps several links in Keystone claims when their order says itself, else in a chain for us alone', () => {
    const federation: Link = { kind: 'federation', idp: 'idp', protocol: 'saml2', groups: ['g'] }
    const trust: Link = { kind: 'trust', id: 't' }
    const expressible = { ...session, via: [federation, trust] }
    assert.equal(bodyOf(expressible)['openstack_trust_id'], 't')
    assert.deepEqual(decode(bodyOf(expressible)), expressible)
    for (const via of [[trust, federation], [trust, trust], [{ kind: 'access_key', id: 'AK' } as const]]) {
      const body = bodyOf({ ...session, via })
      assert.equal(body['aud'], 'tokenhouse')
      assert.equal(body['openstack_trust_id'], undefined)
      assert.deepEqual(decode(body), { ...session, via })
    }
  })

  it('is refused when a claim is missing or of another type', () => {
    const good = bodyOf(session)
    assert.deepEqual(decode(good), session)
    for (const name of ['sub', 'iat', 'exp', 'openstack_methods', 'openstack_audit_ids']) {
      const { [name]: _, ...rest } = good
      assert.ok('refused' in decode(rest), name)
    }
    const types = [null, true, 0.5, -1, 1e300, '', {}, [null], [['password']], { id: 'x' }]
    assert.ok('refused' in decode({ ...good, exp: '1700086400' }))
    for (const name of Object.keys(good))
      for (const value of types)
        assert.ok('refused' in decode({ ...good, [name]: value }), `${name} ${JSON.stringify(value)}`)
  })

  it('is refused when its groups are not what Keystone writes', () => {
    const good = { ...bodyOf(session), openstack_idp_id: 'idp', openstack_protocol_id: 'saml2' }
    assert.ok('userId' in decode({ ...good, openstack_group_ids: [{ id: 'g' }] }))
    const groups = [
      undefined,
      null,
      {},
      'g',
      ['g'],
      [{}],
      [{ id: 'g', name: 'x' }],
      [{ name: 'g' }],
      [{ id: 7 }],
      [{ id: '' }],
      [[]],
    ]
    for (const openstack_group_ids of groups)
      assert.ok('refused' in decode({ ...good, openstack_group_ids }), JSON.stringify(openstack_group_ids))
  })

  it('is refused when a link of its chain has other members than its kind', () => {
    const good = { ...bodyOf(session), aud: 'tokenhouse' }
    assert.ok('userId' in decode({ ...good, tokenhouse_via: [{ kind: 'access_key', id: 'AK' }] }))
    const links = [
      null,
      'access_key',
      {},
      { id: 'AK' },
      { kind: 'access_key' },
      { kind: 'access_key', id: '' },
      { kind: 'access_key', id: 7 },
      { kind: 'access_key', id: 'AK', bound: 'none' },
      { kind: 'access_key', name: 'AK' },
      { kind: 'agency', id: 'a', assumedBy: 'b' },
      { kind: 'agency', id: 'a', assumedBy: 'b', session: null },
      { kind: 'federation', idp: 'i', protocol: 'p', groups: 'g' },
      { kind: 'federation', idp: 'i', protocol: 'p', groups: [7] },
      { kind: 'credential', id: '' },
      { kind: 'toString' },
      { kind: '__proto__', id: 'x' },
      { kind: ['trust'], id: 'x' },
    ]
    for (const link of links)
      assert.ok('refused' in decode({ ...good, tokenhouse_via: [link] }), JSON.stringify(link))
    for (const chain of [null, {}, 'x', undefined, Array(9).fill({ kind: 'access_key', id: 'AK' })])
      assert.ok('refused' in decode({ ...good, tokenhouse_via: chain }))
  })
})
