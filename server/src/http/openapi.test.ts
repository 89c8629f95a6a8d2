import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadSettings } from '../config.ts'
import { keystonePolicy } from '../core/policy/keystone-rules/index.ts'
import { openstackWires } from '../faces.ts'
import { openApiOf, openApiPage } from './openapi.ts'

describe('the OpenAPI document', () => {
  const [wire] = openstackWires({ settings: loadSettings({ env: {}, cwd: '/' }) }, keystonePolicy())
  assert.ok(wire)
  const document = openApiOf(wire, { title: 'test', version: '0' })
  const paths = document['paths'] as Record<
    string,
    Record<string, { responses: object; operationId: string }>
  >

  it('has every operation of the wire, once', () => {
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map((o) => o.operationId))
    assert.equal(ids.length, wire.operations.length)
    assert.equal(new Set(ids).size, ids.length)
  })

  it('says how an operation refuses, in the wire’s own statuses', () => {
    const statuses = Object.keys(paths['/v3/users/{user_id}']?.['get']?.responses ?? {})
    assert.deepEqual(statuses, ['200', '401', '403', '404'])
  })

  it('is shown by a page that fetches nothing from elsewhere', () => {
    const page = openApiPage({ keystone: '/openapi/keystone.json' })
    assert.equal(/https?:\/\//.test(page), false)
  })
})
