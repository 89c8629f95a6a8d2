import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type RoleAssignment, rolesLeadingTo, withImpliedRoles } from './role-assignments.ts'

const line = (roleId: string, more: Partial<RoleAssignment> = {}): RoleAssignment => ({
  actor: { kind: 'user', id: 'u' },
  scope: { kind: 'project', id: 'p' },
  roleId,
  inherited: false,
  viaGroup: null,
  from: null,
  priorRoleId: null,
  ...more,
})
const told = (lines: readonly RoleAssignment[]) =>
  lines.map((l) => (l.priorRoleId === null ? l.roleId : `${l.roleId}<${l.priorRoleId}`)).sort()

describe('lists of assignments with what roles imply', () => {
  it('names the nearest prior role of each implication', () => {
    const implied = new Map([
      ['a', ['b']],
      ['b', ['c']],
    ])
    assert.deepEqual(told(withImpliedRoles([line('a')], implied)), ['a', 'b<a', 'c<b'])
  })

  it('ends a circle', () => {
    const implied = new Map([
      ['a', ['b']],
      ['b', ['a']],
      ['c', ['c']],
    ])
    assert.deepEqual(told(withImpliedRoles([line('a')], implied)), ['a', 'a<b', 'b<a'])
    assert.deepEqual(told(withImpliedRoles([line('c')], implied)), ['c', 'c<c'])
  })

  it('tells an implication once, however many roles lead to it', () => {
    const implied = new Map([
      ['a', ['c']],
      ['b', ['c']],
      ['c', ['d']],
    ])
    assert.deepEqual(told(withImpliedRoles([line('a'), line('b')], implied)), ['a', 'b', 'c<a', 'c<b', 'd<c'])
  })

  it('keeps ways apart: what a group gives is not what the user has alone', () => {
    const lines = withImpliedRoles([line('a'), line('b', { viaGroup: 'g' })], new Map([['b', ['c']]]))
    assert.deepEqual(
      lines.map((l) => `${l.roleId} ${l.viaGroup}`),
      ['a null', 'b g', 'c g'],
    )
  })

  it('finds every role that leads to one, through circles too', () => {
    const implied = new Map([
      ['a', ['b']],
      ['b', ['c', 'a']],
      ['x', ['y']],
    ])
    assert.deepEqual([...rolesLeadingTo('c', implied)].sort(), ['a', 'b', 'c'])
    assert.deepEqual([...rolesLeadingTo('x', implied)], ['x'])
  })
})
