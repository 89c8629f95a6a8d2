import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unmetFactors } from './multi-factor.ts'

const offered = ['password', 'token', 'totp', 'application_credential']
const both = { multi_factor_auth_rules: [['password', 'totp'], ['application_credential']] }

describe('multi-factor rules', () => {
  it('are met by all methods of one of them', () => {
    assert.equal(unmetFactors(both, ['totp', 'password', 'token'], offered), undefined)
    assert.equal(unmetFactors(both, ['application_credential'], offered), undefined)
  })

  it('name the ways to go on when they are not met', () => {
    assert.deepEqual(unmetFactors(both, ['password'], offered), [['password', 'totp']])
    assert.deepEqual(unmetFactors(both, ['token'], offered), [])
  })

  it('hold unless they are switched off; leaving the switch out leaves them on', () => {
    assert.notEqual(unmetFactors({ ...both, multi_factor_auth_enabled: true }, [], offered), undefined)
    assert.notEqual(unmetFactors({ ...both, multi_factor_auth_enabled: null }, [], offered), undefined)
    assert.equal(unmetFactors({ ...both, multi_factor_auth_enabled: false }, [], offered), undefined)
  })

  it('are none without any, or when what is stored is no list of lists of names', () => {
    for (const rules of [undefined, null, [], 'password', { 0: ['totp'] }, [[]], [[1]], ['totp']]) {
      assert.equal(unmetFactors({ multi_factor_auth_rules: rules }, ['password'], offered), undefined)
    }
  })

  it('count only methods that are offered, so that closing one locks nobody out', () => {
    const rules = { multi_factor_auth_rules: [['password', 'palm-print']] }
    assert.equal(unmetFactors(rules, ['password'], offered), undefined)
    assert.deepEqual(unmetFactors(rules, ['totp'], offered), [])
  })
})
