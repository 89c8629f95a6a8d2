/**
 * `GET /v3/role_assignments` (Identity API v3, "List role assignments"): grants as they were made or, with `effective`,
 * the roles that users really have. With `include_subtree` it is judged by a rule of its own.
 *
 * Who is scoped to a domain sees that domain and its projects and nothing else, whatever the filters ask for.
 *
 * Beyond Keystone there are pages (`limit`, `marker`); without them the list is whole, and written while it is read
 * when it is long.
 */
import { found, missing, refuse } from '../../../core/refusal.ts'
import { rolesLeadingTo, withImpliedRoles } from '../../../core/role-assignments.ts'
import type { Query } from '../../../http/operation.ts'
import { areMany, stretchAfter } from '../../../store/assignment-stretches.ts'
import { findActor, findTarget, type TargetRecord } from '../../../store/assignments.ts'
import { grantsInEffect } from '../../../store/effective-roles.ts'
import { type Roles, rolesOf } from '../../../store/grants.ts'
import {
  type Actors,
  type AssignmentLine,
  type AssignmentScope,
  grantsAsMade,
} from '../../../store/role-assignments.ts'
import { collection, flag, one, pageFrom } from '../collection.ts'
import { type Call, operation } from '../operation.ts'
import { assignmentBody } from './assignment-body.ts'
import { pageOf, partsOf, readMarker, type Source } from './assignment-pages.ts'

/** What the query asks for; an empty value asks nothing, as in Keystone. */
interface Wish {
  readonly userId: string | undefined
  readonly groupId: string | undefined
  readonly roleId: string | undefined
  readonly projectId: string | undefined
  readonly domainId: string | undefined
  readonly system: string | undefined
  readonly inherited: boolean | undefined
  readonly effective: boolean
  readonly names: boolean
  readonly subtree: boolean
}

const INHERITED = 'scope.OS-INHERIT:inherited_to'

function wishOf(query: Query): Wish {
  const given = (name: string): string | undefined => one(query, name) || undefined
  return {
    userId: given('user.id'),
    groupId: given('group.id'),
    roleId: given('role.id'),
    projectId: given('scope.project.id'),
    domainId: given('scope.domain.id'),
    system: given('scope.system'),
    inherited: query[INHERITED] === undefined ? undefined : one(query, INHERITED) === 'projects',
    effective: flag(query, 'effective'),
    names: flag(query, 'include_names'),
    subtree: flag(query, 'include_subtree'),
  }
}

export const listRoleAssignments = operation({
  id: 'list_role_assignments',
  method: 'GET',
  path: '/v3/role_assignments',
  policy: 'identity:list_role_assignments',
  otherPolicies: ['identity:list_role_assignments_for_tree'],
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  load: async ({ ctx, query }): Promise<TargetRecord | undefined> => {
    const { projectId, subtree } = wishOf(query)
    if (!subtree || projectId === undefined) return undefined
    return findTarget(ctx.store.db, { kind: 'project', id: projectId })
  },
  ruleFor: (_project, { query }) =>
    `identity:list_role_assignments${wishOf(query).subtree ? '_for_tree' : ''}`,
  target: (project, { query, caller }) => (wishOf(query).subtree ? treeTarget(project) : ownDomain(caller)),
  handle: async (call, project) => {
    const wish = wishOf(call.query)
    refuseContradictions(wish)
    if (wish.subtree) found(project, 'project', wish.projectId ?? '')
    const { limit, marker } = pageFrom(call.query)
    const seen = marker === undefined ? undefined : readMarker(marker)
    const [roles, scope] = await Promise.all([rolesOf(call.ctx.store), scopeOf(call, wish)])
    if (!scope) return { body: collection(call, NAME, []) }
    await demandUser(call, wish)
    const shown = (line: AssignmentLine): unknown => assignmentBody(call, line, roles)
    const source = sourceOf(call, wish, scope, roles)
    if (limit !== undefined) {
      const { lines, next } = await pageOf(source, limit, seen)
      return { body: collection(call, NAME, lines.map(shown), next) }
    }
    if (!seen && !(source.stretch && (await isLong(call, wish, roles)))) {
      const lines = await source.lines()
      return { body: collection(call, NAME, lines.map(shown)) }
    }
    return { body: written(call, partsOf(source, seen), shown) }
  },
})

const NAME = 'role_assignments'

/** The text of a collection, part by part. */
async function* written(
  call: Call,
  parts: AsyncIterable<readonly AssignmentLine[]>,
  shown: (line: AssignmentLine) => unknown,
): AsyncGenerator<string, void> {
  let before = `{"${NAME}":[`
  for await (const lines of parts) {
    if (lines.length === 0) continue
    yield before + lines.map((line) => JSON.stringify(shown(line))).join(',')
    before = ','
  }
  const { links } = collection(call, NAME, [])
  yield `${before === ',' ? '' : before}],"links":${JSON.stringify(links)}}`
}

/** Lists of one actor or one place are read at once, others may be long. */
function sourceOf(call: Call, wish: Wish, scope: AssignmentScope, roles: Roles): Source {
  const { db } = call.ctx.store
  const { userId, groupId, effective } = wish
  const isBounded = userId !== undefined || groupId !== undefined
  const mayBeLong = !isBounded && (scope.kind === 'anywhere' || scope.kind === 'within')
  return {
    lines: (actors) => linesOf(call, wish, { scope, actors }, roles),
    stretch: mayBeLong ? (after, size) => stretchAfter(db, after, { effective, size }) : undefined,
  }
}

function isLong(call: Call, { roleId, effective }: Wish, roles: Roles): Promise<boolean> {
  return areMany(call.ctx.store.db, { roleIds: grantedFor(roleId, effective, roles) }, effective)
}

/** The roles whose grants may give the wished one. */
function grantedFor(roleId: string | undefined, effective: boolean, roles: Roles) {
  if (roleId === undefined) return undefined
  return effective ? [...rolesLeadingTo(roleId, roles.implied)] : [roleId]
}

async function demandUser(call: Call, { effective, userId }: Wish): Promise<void> {
  if (!effective || userId === undefined || call.caller.scope.kind === 'domain') return
  found(await findActor(call.ctx.store.db, { kind: 'user', id: userId }), 'user', userId)
}

/** A domain acting as a project is in no domain: null would match every caller who has none (CVE-2026-80183). */
function treeTarget(project: TargetRecord | undefined): Record<string, unknown> {
  if (!project) return {}
  const inDomain = project.isDomain ? {} : { 'target.project.domain_id': project.domainId }
  return { 'target.project.id': project.id, ...inDomain }
}

function ownDomain({ scope }: Call['caller']): Record<string, unknown> {
  return scope.kind === 'domain' ? { 'target.domain_id': scope.domain.id } : {}
}

function refuseContradictions(wish: Wish): void {
  const bad = (message: string): never => refuse('bad_request', message, { message })
  if (wish.subtree && wish.projectId === undefined) {
    bad('scope.project.id must be specified if include_subtree is also specified')
  }
  if (wish.domainId && wish.projectId) bad('Specify a domain or project, not both')
  if (wish.domainId && wish.system) bad('Specify system or domain, not both')
  if (wish.projectId && wish.system) bad('Specify system or project, not both')
  if (wish.userId && wish.groupId) bad('Specify a user or group, not both')
  if (!wish.effective) return
  if (wish.groupId) bad('Combining effective and group filter will always result in an empty list.')
  if (wish.inherited && wish.domainId) {
    bad('Combining effective, domain and inherited filters will always result in an empty list.')
  }
}

/** The scope to list, or undefined where the caller's own domain and the wished scope have nothing in common. */
async function scopeOf(call: Call, wish: Wish): Promise<AssignmentScope | undefined> {
  const { caller, ctx } = call
  const { projectId, domainId, subtree } = wish
  const own = caller.scope.kind === 'domain' && !subtree ? caller.scope.domain.id : undefined
  if (projectId !== undefined) {
    const wanted = await findTarget(ctx.store.db, { kind: 'project', id: projectId })
    if (own !== undefined && wanted?.domainId !== own) return undefined
    if (!wanted && wish.effective) missing('project', projectId)
    return { kind: 'project', id: projectId, subtree }
  }
  if (domainId !== undefined) {
    return own === undefined || own === domainId ? { kind: 'domain', id: domainId } : undefined
  }
  // Roles on the system are not worked out: asked for what is effective, Keystone forgets that it was to be the system.
  if (wish.system === 'all' && !wish.effective) return own === undefined ? { kind: 'system' } : undefined
  return own === undefined ? { kind: 'anywhere' } : { kind: 'within', id: own }
}

async function linesOf(
  call: Call,
  wish: Wish,
  where: { readonly scope: AssignmentScope; readonly actors: Actors | undefined },
  roles: Roles,
): Promise<readonly AssignmentLine[]> {
  const { store, settings, now } = call.ctx
  const { userId, groupId, roleId, inherited, names, effective } = wish
  const filter = { ...where, userId, roleIds: grantedFor(roleId, effective, roles), inherited, names }
  if (!effective) return grantsAsMade(store.db, { ...filter, groupId })
  const granted = await grantsInEffect(store.db, filter, {
    now: now(),
    defaultTtl: settings.defaultAuthorizationTtl,
  })
  // A domain's role is there to imply others and never reaches a token.
  return withImpliedRoles(granted, roles.implied).filter(
    (line) =>
      roles.byId.get(line.roleId)?.domainId === '' && (roleId === undefined || line.roleId === roleId),
  )
}
