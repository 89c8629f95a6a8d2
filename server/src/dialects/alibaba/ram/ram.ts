/**
 * What the operations of RAM (2015-05-01) share: how one is written, whom names mean, pages, and the guard of people
 * whose rights come from elsewhere. RAM's users, groups and roles are rows of the one directory; its policies are
 * statements attached to them. Not for passwords and sign-ins: those are other faces' business.
 */
import { Refusal } from '../../../core/refusal.ts'
import type { Reply } from '../../../http/operation.ts'
import { type AgencyRecord, findAgency } from '../../../store/agencies.ts'
import { listActorGrants } from '../../../store/assignments.ts'
import { groupIdsOf } from '../../../store/grants.ts'
import { type Group, listGroups } from '../../../store/groups.ts'
import type { Filter, Page } from '../../../store/list.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { listUsers, type User } from '../../../store/users.ts'
import { GatewayRefusal, invalidParameter, noSuch, refuseGateway } from '../errors.ts'
import { type Call, type Operation, operation, required } from '../operation.ts'

const VERSION = '2015-05-01'

export interface RamOperation {
  readonly action: string
  /** Of the API, when it is not RAM's own. */
  readonly version?: string
  readonly parameters: readonly string[]
  /** Relative ids of what has to be allowed: `user/NAME`. With `system:` before it, of the cloud's own policies. */
  readonly on: (call: Call) => readonly string[]
  readonly handle: (call: Call) => Promise<Reply>
}

/** One operation; `ram:<action>` has to be allowed on everything that it is on. */
export function ramOperation({ action, version = VERSION, parameters, on, handle }: RamOperation): Operation {
  const name = `ram:${action}`
  return operation({
    action,
    version,
    parameters,
    actions: [name],
    refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
    asks: (call) => on(call).map((relative) => ({ action: name, resource: arnOf(call, relative) })),
    handle,
  })
}

/** `acs:ram::ACCOUNT:user/NAME`. Its region is empty, which patterns with `*` for a region match as well. */
export function arnOf(call: Pick<Call, 'principal'>, relative: string): string {
  const own = relative.startsWith('system:')
  return own ? `acs:ram::${relative}` : `acs:ram::${call.principal.account.number}:${relative}`
}

export const answer = (call: Call, payload: object = {}): Reply => ({
  body: { RequestId: call.answerId, ...payload },
})

/** `2015-01-23T12:33:18Z` */
export const time = (micros: number): string => new Date(micros / 1000).toISOString().replace(/\.\d+/, '')

/** Refuses 409 with a code of RAM's: `DeleteConflict.User.AccessKey`. */
export function conflict(wireCode: string, message: string): never {
  throw new GatewayRefusal('conflict', wireCode, { wireCode, message })
}

/** Turns the broken unique index of a write into `EntityAlreadyExists.<entity>`. */
export async function unlessTaken<T>(entity: string, write: Promise<T>): Promise<T> {
  return write.catch((error: unknown) => {
    if (!isUniqueViolation(error)) throw error
    return conflict(`EntityAlreadyExists.${entity}`, `The ${entity.toLowerCase()} already exists.`)
  })
}

/** A parameter that has to be there in this form. */
export function formed(call: Call, name: string, form: RegExp): string {
  const text = required(call, name)
  return form.test(text) ? text : invalidParameter(name, 'is not well formed')
}

/** A text of at most `most` characters; undefined when it is not given. */
export function text({ parameters }: Call, name: string, most: number): string | undefined {
  const given = parameters[name]
  if (given !== undefined && given.length > most) return invalidParameter(name, `is longer than ${most}`)
  return given
}

const equals = (column: string, value: string): Filter => ({
  column,
  comparator: 'equals',
  value,
  caseSensitive: true,
})

/** Users that have a name of their own in the account, as RAM's users do. */
export const ownUsers = (call: Call): readonly Filter[] => [
  equals('user.domain_id', call.principal.account.id),
  equals('user.kind', 'local'),
]

export const ownGroups = (call: Call): readonly Filter[] => [
  equals('group.domain_id', call.principal.account.id),
]

/** The account's user of that name; refuses `EntityNotExist.User`. */
export async function ramUser(call: Call, name: string): Promise<User> {
  const filters = [...ownUsers(call), equals('user.name', name)]
  const { items } = await listUsers(call.ctx.store.db, { filters }, { limit: 1 })
  return items[0] ?? noSuch('User', `no user ${name}`)
}

/** The account's group of that name; refuses `EntityNotExist.Group`. */
export async function ramGroup(call: Call, name: string): Promise<Group> {
  const filters = [...ownGroups(call), equals('group.name', name)]
  const { items } = await listGroups(call.ctx.store.db, filters, { limit: 1 })
  return items[0] ?? noSuch('Group', `no group ${name}`)
}

/** The account's role of that name; refuses `EntityNotExist.Role`. */
export async function ramRole(call: Call, name: string): Promise<AgencyRecord> {
  const role = await findAgency(call.ctx.store.db, { domainId: call.principal.account.id, name })
  return role?.kind === 'role' ? role : noSuch('Role', `no role ${name}`)
}

/**
 * Refuses `NoPermission` when somebody's rights come from grants of other faces (roles on projects, on the account, on
 * the system): RAM's policies do not reach them, so nobody takes them over by a RAM policy. The account itself may, and
 * so may users with regard to themselves.
 */
export async function demandWithinRam(
  call: Call,
  actor: { readonly kind: 'user' | 'group' | 'agency'; readonly id: string },
): Promise<void> {
  const { ctx, principal } = call
  const { db } = ctx.store
  const isSelf = actor.kind === 'user' && principal.session.user.id === actor.id
  if (principal.isAccount || isSelf) return
  const groups = actor.kind === 'user' ? await groupIdsOf(db, actor.id) : []
  const actors = [actor, ...groups.map((id) => ({ kind: 'group' as const, id }))]
  for (const each of actors) {
    const grants = await listActorGrants(db, each)
    if (grants.length > 0) refuseGateway('NoPermission', `${each.kind} ${each.id} holds grants`)
  }
}

const MOST_ITEMS = 1000
const DEFAULT_ITEMS = 100

export function pageOf({ parameters }: Call): Required<Pick<Page, 'limit'>> & Page {
  const { MaxItems, Marker } = parameters
  const limit = MaxItems ? (/^\d{1,4}$/.test(MaxItems) ? Number(MaxItems) : 0) : DEFAULT_ITEMS
  if (limit < 1 || limit > MOST_ITEMS) return invalidParameter('MaxItems', `is not from 1 to ${MOST_ITEMS}`)
  return { limit, ...(Marker ? { marker: Marker } : {}) }
}

/** `IsTruncated`, and the marker when there is more. */
export function truncation(next: string | undefined): object {
  return next === undefined ? { IsTruncated: false } : { IsTruncated: true, Marker: next }
}

/**
 * A page of things that are few, in order of their keys; a marker is the key of the last one told, so that what is made or
 * deleted between two pages neither repeats nor hides another.
 */
export function pageAmong<T>(
  call: Call,
  all: readonly T[],
  keyOf: (item: T) => string,
): { readonly items: readonly T[]; readonly next?: string } {
  const { limit, marker = '' } = pageOf(call)
  const left = all.filter((item) => keyOf(item) > marker).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const items = left.slice(0, limit)
  const last = items.at(-1)
  return { items, ...(last && left.length > limit ? { next: keyOf(last) } : {}) }
}

/** Whether an error is a refusal of that code. */
export const isRefused = (error: unknown, code: Refusal['code']): boolean =>
  error instanceof Refusal && error.code === code
