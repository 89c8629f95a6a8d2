import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Session } from '../../../core/session.ts'
import type { Catalog } from '../../../store/catalog.ts'
import { KEYSTONE_STYLE, restOf } from './token-body.ts'

const ENDPOINTS = 1000

describe('ends of bodies that are kept', () => {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, n) => ({
    id: String(n).padStart(32, '0'),
    interface: 'public',
    url: `https://service-${n}.example.com/v2.1/%(project_id)s/${'x'.repeat(700)}`,
    regionId: 'region',
    extra: {},
  }))
  const catalog = {
    services: [{ id: 's', type: 'compute', name: 'nova', endpoints }],
    byProject: new Map(),
    serviceProviders: [],
  } as unknown as Catalog
  const endFor = (project: number) =>
    restOf(
      { scope: { kind: 'project', project: { id: `p${project}` } }, user: { id: 'u' } } as unknown as Session,
      { catalog },
      KEYSTONE_STYLE,
    )

  it('are few where they are large, whatever the number of projects', () => {
    const first = endFor(0)
    assert.equal(endFor(0), first)
    const most = Math.ceil(16_000_000 / first.bytes)
    for (let project = 1; project <= most; project++) endFor(project)
    assert.notEqual(endFor(0), first)
    assert.deepEqual(endFor(0), first)
  })
})
