import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Session } from '../core/session.ts'
import { decideFor, isAccountItself } from './ram-principal.ts'

type Link = Session['claims']['via'][number]

function session(changes: {
  readonly via?: readonly Link[]
  readonly domain?: string
  readonly role?: { readonly name: string; readonly domainId: string }
  readonly scope?: Session['scope']
}): Session {
  const domain = { id: changes.domain ?? 'd1', name: 'one' }
  const { name, domainId } = changes.role ?? { name: 'admin', domainId: '' }
  return {
    claims: {
      userId: 'u',
      methods: ['access_key'],
      scope: { kind: 'domain', id: 'd1' },
      via: changes.via ?? [{ kind: 'access_key', id: 'AK' }],
      auditIds: ['a'],
      issuedAt: 1,
      expiresAt: 2,
    },
    user: { id: 'u', name: 'u', kind: 'local', domain, passwordExpiresAt: null },
    scope: changes.scope ?? { kind: 'domain', domain: { id: 'd1', name: 'one' } },
    roles: [{ id: 'r', name, domainId, description: null, options: {} }],
    delegation: {},
  }
}

describe('the account itself', () => {
  it("is its administrator's own key", () => {
    assert.equal(isAccountItself(session({})), true)
  })

  it('is nobody to whom something was handed on', () => {
    const key: Link = { kind: 'access_key', id: 'STS.AK' }
    const links: readonly Link[] = [
      { kind: 'agency', id: 'a', assumedBy: 'u', session: 's' },
      { kind: 'trust', id: 't' },
      { kind: 'application_credential', id: 'c' },
      { kind: 'oauth1', id: 'o' },
      { kind: 'credential', id: 'e' },
      { kind: 'federation', idp: 'i', protocol: 'p', groups: [] },
    ]
    for (const link of links) assert.equal(isAccountItself(session({ via: [link, key] })), false, link.kind)
  })

  it('is no administrator of another account, of a project, of the system, or by a role of a domain', () => {
    const project = { id: 'p', name: 'p', domain: { id: 'd1', name: 'one' }, isDomain: false }
    const others = [
      session({ domain: 'd2' }),
      session({ scope: { kind: 'project', project } }),
      session({ scope: { kind: 'system' } }),
      session({ scope: { kind: 'unscoped' } }),
      session({ role: { name: 'admin', domainId: 'd1' } }),
      session({ role: { name: 'member', domainId: '' } }),
    ]
    for (const other of others) assert.equal(isAccountItself(other), false)
  })

  it('is narrowed by what narrows its session', () => {
    const principal = {
      session: session({}),
      accessKeyId: 'AK',
      account: { id: 'd1', name: 'one', number: '1000000000000000' },
      isAccount: true,
      policies: { identity: [] },
    }
    const request = { action: 'edas:ReadNamespace', resource: 'acs:edas:cn-beijing:1:namespace/x', facts: {} }
    assert.equal(decideFor(principal, request).allowed, true)
    const nothing = { identity: [], session: [{ name: 'session', statements: [] }] }
    assert.equal(decideFor({ ...principal, policies: nothing }, request).allowed, false)
  })
})
