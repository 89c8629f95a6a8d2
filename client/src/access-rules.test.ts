import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isAllowedBy, pathOf, plainPath, readAccessRules } from './access-rules.ts'

function allowed(pattern: string, path: string, method = 'GET'): boolean {
  return isAllowedBy([{ service: 'rds', method: 'GET', path: pattern }], { serviceType: 'rds', method, path })
}

describe('access rules of an application credential', () => {
  const TABLE: readonly (readonly [string, string, boolean])[] = [
    ['/v3/p1/instances', '/v3/p1/instances', true],
    ['/v3/p1/instances', '/v3/p1/instances/', false],
    ['/v3/p1/instances', '/v3/p1/instancesx', false],
    ['/v3/*/instances', '/v3/p1/instances', true],
    ['/v3/*/instances', '/v3/p1/x/instances', false],
    ['/v3/*/instances', '/v3//instances', false],
    ['/v3/{project_id}/instances', '/v3/p1/instances', true],
    ['/v3/{project_id}/instances', '/v3/p1/p2/instances', false],
    ['/v3/{project_id}', '/v3/p1', true],
    ['/v3/**', '/v3/p1/instances/i1', true],
    ['/v3/**', '/v3/', true],
    ['/v3/**', '/v2/p1', false],
    ['/v3/**/delete', '/v3/a/b/delete', true],
    ['/v3/**/delete', '/v3/a/b/deleted', false],
    ['/v3/a.c', '/v3/abc', false],
    ['/v3/in*', '/v3/instances', true],
    ['/v3/in*', '/v3/in', false],
    ['**', '/anything', true],
    ['/v3/[ab]', '/v3/a', false],
    ['/v3/a b', '/v3/a%20b', true],
    ['/v3/a%20b', '/v3/a%20b', true],
  ]
  for (const [pattern, path, expected] of TABLE) {
    it(`${pattern} ${expected ? 'covers' : 'does not cover'} ${path}`, () =>
      assert.equal(allowed(pattern, path), expected))
  }

  it('an encoded slash is a slash: it does not hide in one segment', () => {
    assert.equal(allowed('/v3/*', '/v3/a%2Fadmin'), false)
    assert.equal(allowed('/v3/*', '/v3/a%2fadmin'), false)
  })

  it('a path that routers may read in two ways is covered by nothing', () => {
    for (const path of [
      '/v3/a/../b',
      '/v3/a/./b',
      '/v3/a/%2e%2e/b',
      '/v3/a/%2E%2E%2fb',
      '/v3/a/..',
      '/v3/a/..;/b',
      '/v3/a/..;x=1/b',
      '/v3/a/%2e%2e%3b/b',
      '/v3/a/.;',
      '/v3/a/b;/c',
      '/v3/a/b%3B/c',
      '//v3/a/x',
    ]) {
      assert.equal(allowed('/v3/a/**', path), false, path)
      assert.equal(allowed('**', path), false, path)
    }
    for (const path of [
      '/v3/a\\..\\b',
      '/v3/%zz',
      '/v3/%ff',
      'http://h/v3/a',
      '*',
      '',
      '/v3/a%00',
      '/v3/a#/../b',
      '/v3/a%23',
    ]) {
      assert.equal(plainPath(path), undefined, path)
    }
  })

  it('the method and the service type must be those of the rule', () => {
    assert.equal(allowed('/v3/x', '/v3/x', 'POST'), false)
    assert.equal(allowed('/v3/x', '/v3/x', 'get'), false)
    const rules = [{ service: 'compute', method: 'GET', path: '**' }]
    assert.equal(isAllowedBy(rules, { serviceType: 'rds', method: 'GET', path: '/' }), false)
    assert.equal(isAllowedBy(rules, { serviceType: undefined, method: 'GET', path: '/' }), false)
  })

  it('no rules allow nothing', () => {
    assert.equal(isAllowedBy([], { serviceType: 'rds', method: 'GET', path: '/' }), false)
  })

  it('a pattern of many wildcards does not hold up the service', () => {
    const started = process.cpuUsage()
    assert.equal(allowed(`/${'**a'.repeat(80)}b`, `/${'a'.repeat(8000)}`), false)
    const spent = process.cpuUsage(started)
    assert.ok(spent.user + spent.system < 2_000_000, `${spent.user} µs`)
  })

  it('are read in full or not at all', () => {
    assert.equal(readAccessRules(undefined), undefined)
    assert.deepEqual(readAccessRules([]), [])
    assert.deepEqual(readAccessRules([{ id: 'x', service: 's', method: 'GET', path: '/' }]), [
      { service: 's', method: 'GET', path: '/' },
    ])
    for (const odd of [
      {},
      'x',
      [null],
      [{ service: 's', method: 'GET' }],
      [{ service: 1, method: 'GET', path: '/' }],
    ]) {
      assert.equal(readAccessRules(odd), 'unreadable')
    }
  })

  it('the query is no part of the path', () => {
    assert.equal(pathOf('/v3/x?a=/y'), '/v3/x')
    assert.equal(pathOf('/v3/x'), '/v3/x')
  })
})
