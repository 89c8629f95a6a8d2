/**
 * From what a verified assertion says to an unscoped token: mapping, user, groups, projects. How an assertion is
 * verified is the business of `methods/oidc` and `methods/saml`; nothing unverified may come here.
 */
import type { Context } from '../context.ts'
import {
  type Assertion,
  applyMapping,
  type Mapped,
  type MappedProject,
  type MappingRule,
} from '../core/federation/mapping.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import { ensureGrant } from '../store/bootstrap.ts'
import {
  confirmedGroups,
  confirmGroupsAgain,
  type FederatedUser,
  type ForeignIdentity,
  findFederatedUser,
  findMappedGroups,
  insertFederatedUser,
  renameFederatedUser,
  replaceConfirmedGroups,
} from '../store/federated-users.ts'
import { rolesOf } from '../store/grants.ts'
import { findUser, type UserRecord } from '../store/identity.ts'
import {
  findIdentityProvider,
  findProtocol,
  type IdentityProvider,
  type Protocol,
} from '../store/identity-providers.ts'
import { newId } from '../store/ids.ts'
import { findMapping, type Mapping } from '../store/mappings.ts'
import { insertProject } from '../store/projects.ts'
import { findDomainScope, findProjectScope } from '../store/scopes.ts'
import type { Db } from '../store/store.ts'
import { isUniqueViolation } from '../store/unique.ts'
import { cloudPowersOf } from './account-administration.ts'
import { consoleSeconds, demandOrigin, type Origin } from './account-security.ts'
import { change } from './change.ts'
import { meetFactors } from './factors.ts'
import { auditSignIn } from './federated-audit.ts'
import { type Issued, issueFor } from './issue-token.ts'
import type { Proof } from './proof.ts'

/** A provider that may prove people now, with the protocol they come by. */
export interface Door {
  readonly provider: IdentityProvider
  readonly protocol: Protocol
}

/** What was verified. */
export interface VerifiedAssertion {
  readonly attributes: Assertion
  /** Who says so, as they call themselves: an issuer, an entity id. */
  readonly issuer: string
  /** Seconds; when the provider itself ends the session. null: it does not say. */
  readonly expiresAt: number | null
}

export interface FederatedRequest {
  /** Seconds a token lives. */
  readonly ttl: number
  readonly requestId: string
  /** Where who brings the assertion comes from: the account of whom it is about has to allow that. */
  readonly from: Origin
}

/** Groups travel in the token; with more of them it would not fit into a header any more. */
const MOST_GROUPS = 128
const LONGEST_NAME = 255

/** What a path or a sealed note calls a door. */
export interface DoorIds {
  readonly idpId: string
  readonly protocolId: string
}

/**
 * The door of a provider's protocol. Refuses `unsupported_method` when there is none, `forbidden` when the provider is
 * disabled.
 */
export async function openDoor(ctx: Context, idpId: string, protocolId: string): Promise<Door> {
  const { db } = ctx.store
  const [provider, protocol] = await Promise.all([
    findIdentityProvider(db, idpId),
    findProtocol(db, idpId, protocolId),
  ])
  if (!provider || !protocol) {
    return refuse('unsupported_method', `no protocol ${protocolId} of identity provider ${idpId}`)
  }
  if (!provider.enabled) {
    const message = `Identity Provider ${idpId} is disabled`
    return refuse('forbidden', message, { message })
  }
  return { provider, protocol }
}

/**
 * Signs in who a verified assertion is about; the token is unscoped. Refuses `unauthenticated` when the mapping does not
 * admit them, their provider is not one the door knows, or their user here is disabled; `forbidden` from an address that
 * their account does not allow. A console's session ends when the account says. On the audit trail either way.
 */
export async function federatedLogin(
  ctx: Context,
  door: Door,
  assertion: VerifiedAssertion,
  request: FederatedRequest,
): Promise<Issued> {
  try {
    const issued = await signIn(ctx, door, assertion, request)
    await auditSignIn(ctx, door, request, issued)
    return issued
  } catch (error) {
    if (error instanceof Refusal) await auditSignIn(ctx, door, request, error)
    throw error
  }
}

async function signIn(
  ctx: Context,
  door: Door,
  assertion: VerifiedAssertion,
  request: FederatedRequest,
): Promise<Issued> {
  const begunAt = ctx.now()
  demandKnownIssuer(door, assertion)
  const { mapping, mapped } = await mapAssertion(ctx, door, assertion.attributes)
  const groups = await groupsOf(ctx, door, { mapping, mapped })
  const user =
    mapped.user.type === 'local'
      ? await localUser(ctx, mapped, request.from)
      : await shadowUser(ctx, { door, mapping, mapped, groups }, request)
  const proof: Proof = {
    user,
    methods: ['mapped'],
    via: [{ kind: 'federation', idp: door.provider.id, protocol: door.protocol.id, groups }],
    expiresAt: null,
    chain: null,
    parent: null,
    onlyScope: null,
  }
  const now = Math.floor(ctx.now() / 1e6)
  const atConsole = request.from.way === 'console' ? await consoleSeconds(ctx, [user.domain.id]) : undefined
  const ttl = Math.min(request.ttl, atConsole ?? request.ttl)
  const left = assertion.expiresAt === null ? ttl : Math.min(ttl, assertion.expiresAt - now)
  if (left <= 0) return refuse('unauthenticated', 'the provider’s session has ended')
  return issueFor(ctx, await meetFactors(ctx, proof, { methods: [] }), {
    scope: { kind: 'unscoped' },
    ttl: left,
    begunAt,
  })
}

/** When the provider's own names are known here, the assertion has to come from one of them. */
function demandKnownIssuer({ provider, protocol }: Door, { attributes, issuer }: VerifiedAssertion): void {
  if (provider.remoteIds.length === 0) return
  const attribute = protocol.remoteIdAttribute
  const said =
    attribute !== null && Object.hasOwn(attributes, attribute) ? (attributes[attribute] ?? []) : [issuer]
  if (said.some((name) => provider.remoteIds.includes(name))) return
  const message = 'Incoming identity provider identifier not included among the accepted identifiers.'
  refuse('forbidden', `issuer ${issuer} is not one of ${provider.id}`, { message })
}

async function mapAssertion(ctx: Context, { provider, protocol }: Door, attributes: Assertion) {
  const mapping = await findMapping(ctx.store.db, protocol.mappingId)
  if (!mapping) return refuse('unauthenticated', `mapping ${protocol.mappingId} is gone`)
  if (mapping.domainId !== undefined && mapping.domainId !== provider.domainId) {
    return refuse('unauthenticated', `mapping ${mapping.id} is of another account than ${provider.id}`)
  }
  const mapped = applyMapping(mapping.rules as readonly MappingRule[], attributes, {
    ownGroups: mapping.schemaVersion === 'account',
  })
  if ('refused' in mapped) return refuse('unauthenticated', `mapping ${mapping.id}: ${mapped.refused}`)
  // Nothing here is called so, and PostgreSQL cannot even be asked for it.
  if (JSON.stringify(mapped).includes('\\u0000')) return refuse('unauthenticated', 'a name with NUL')
  return { mapping, mapped }
}

/** Of an account's mapping every group by name is the account's. Groups by id have to exist; of those by name the ones count that do, as in Keystone. */
async function groupsOf(
  ctx: Context,
  { provider }: Door,
  { mapping, mapped }: { readonly mapping: Mapping; readonly mapped: Mapped },
): Promise<readonly string[]> {
  const names =
    mapping.schemaVersion === 'account'
      ? mapped.groups.map(({ name }) => ({ name, domain: { id: provider.domainId } }))
      : mapped.groups
  const wanted = { ids: mapped.groupIds, names }
  if (wanted.ids.length + wanted.names.length > 10 * MOST_GROUPS)
    return refuse('forbidden', 'too many groups mapped')
  const { byId, byName } = await findMappedGroups(ctx.store.db, wanted)
  const gone = mapped.groupIds.find((id) => byId.every((group) => group.id !== id))
  if (gone !== undefined) return refuse('unauthenticated', `the mapping gives group ${gone}, which is gone`)
  const powers = mapping.domainId === undefined ? undefined : await cloudPowersOf(ctx.store)
  // What an account says of its people never reaches the cloud's own roles.
  const groups = [...new Set([...byId, ...byName].map(({ id }) => id))]
    .filter((id) => !powers?.actors.has(id))
    .sort()
  if (groups.length <= MOST_GROUPS) return groups
  return refuse('forbidden', `${groups.length} groups mapped`, {
    message: `A federated user can be in at most ${MOST_GROUPS} groups.`,
  })
}

/** A user who is here already. Somebody else's federated user is not one. */
async function localUser(ctx: Context, { user }: Mapped, from: Origin): Promise<UserRecord> {
  const { id, name, domain } = user
  const inDomain =
    domain?.id !== undefined
      ? { id: domain.id }
      : domain?.name !== undefined
        ? { name: domain.name }
        : undefined
  const reference =
    id !== undefined ? { id } : name !== undefined && inDomain ? { name, domain: inDomain } : undefined
  const found = reference && (await findUser(ctx.store.db, reference))
  if (found?.kind !== 'local') return refuse('unauthenticated', 'the mapped local user is not here')
  await demandOrigin(ctx, found.domain.id, from)
  return found
}

interface Shadow {
  readonly door: Door
  readonly mapping: Mapping
  readonly mapped: Mapped
  readonly groups: readonly string[]
}

/** The row of a user who is here because the provider says so, made or brought up to date. */
async function shadowUser(ctx: Context, shadow: Shadow, request: FederatedRequest): Promise<UserRecord> {
  const { provider, protocol } = shadow.door
  const { id = shadow.mapped.user.name, name = id, email = null } = shadow.mapped.user
  if (!isName(id) || !isName(name)) return refuse('unauthenticated', 'the mapping gives no usable name')
  const identity = { idpId: provider.id, protocolId: protocol.id, uniqueId: quoted(id) }
  const by = { session: null, action: 'shadow_user', requestId: request.requestId }
  const before = await findFederatedUser(ctx.store.db, identity)
  const domainId = before?.domainId ?? (await domainOf(ctx.store.db, shadow))
  // Before anything is written: who may not come from there leaves nothing here.
  await demandOrigin(ctx, domainId, request.from)
  const user = { id: before?.id ?? newId(), name, domainId, email }
  if (shadow.mapping.domainId !== undefined && (await cloudPowersOf(ctx.store)).actors.has(user.id)) {
    return refuse('unauthenticated', 'who holds a role of the cloud’s comes by no mapping of an account')
  }
  if (before && (await isUnchanged(ctx, before, user, shadow))) {
    await ctx.store.record((tx) => confirmGroupsAgain(tx, user.id, provider.id, ctx.now()))
  } else {
    await change(ctx, by, `user:${user.id}`, (tx) =>
      writeShadow(ctx, tx, { user, identity, before }, shadow),
    ).catch((error) => {
      // Two first sign-ins at once: the slower one finds the user the next time.
      if (!isUniqueViolation(error)) throw error
      refuse('busy', 'signed in twice at once', { retryAfter: 1 })
    })
  }
  const record = await findUser(ctx.store.db, { id: user.id })
  return record ?? refuse('unauthenticated', 'removed while signing in')
}

/** Nothing to write but that the groups are confirmed again: no reason to drop what is remembered. */
async function isUnchanged(
  ctx: Context,
  before: FederatedUser,
  user: FederatedUser,
  shadow: Shadow,
): Promise<boolean> {
  if (before.name !== user.name || before.email !== user.email || shadow.mapped.projects.length > 0)
    return false
  const known = await confirmedGroups(ctx.store.db, user.id, shadow.door.provider.id)
  return known.length === shadow.groups.length && shadow.groups.every((id) => known.includes(id))
}

async function writeShadow(
  ctx: Context,
  tx: Db,
  {
    user,
    identity,
    before,
  }: { user: FederatedUser; identity: ForeignIdentity; before: FederatedUser | undefined },
  shadow: Shadow,
): Promise<void> {
  if (!before) await insertFederatedUser(tx, user, identity, ctx.now())
  else if (before.name !== user.name || before.email !== user.email) await renameFederatedUser(tx, user)
  const member = { userId: user.id, idpId: identity.idpId }
  await replaceConfirmedGroups(tx, member, shadow.groups, ctx.now())
  for (const project of shadow.mapped.projects) await provision(ctx, tx, { user, project }, shadow)
}

/** Schema version 2.0 lets a mapping say where; before that it is the provider's domain. */
async function domainOf(db: Db, { door, mapping, mapped }: Shadow): Promise<string> {
  const { domain } = mapped.user
  if (mapping.schemaVersion !== '2.0' || !domain) return door.provider.domainId
  return namedDomain(db, domain)
}

async function namedDomain(db: Db, domain: { id?: string; name?: string }): Promise<string> {
  const reference = domain.id !== undefined ? { id: domain.id } : { name: domain.name ?? '' }
  const found = await findDomainScope(db, reference)
  return found?.id ?? refuse('unauthenticated', 'the mapping names a domain that is not here')
}

/** A project the mapping gives, made when missing, with its roles. */
async function provision(
  ctx: Context,
  tx: Db,
  { user, project }: { user: FederatedUser; project: MappedProject },
  { door, mapping }: Shadow,
): Promise<void> {
  const own = mapping.schemaVersion === '2.0' ? project.domain : undefined
  const domainId = own ? await namedDomain(tx, own) : door.provider.domainId
  const roles = [...(await rolesOf(ctx.store)).byId.values()]
  const roleIds = project.roles.map((name) => {
    const role =
      roles.find((each) => each.name === name && each.domainId === '') ??
      roles.find((each) => each.name === name && each.domainId === domainId)
    return role?.id ?? refuse('unauthenticated', `the mapping gives role ${name}, which is not here`)
  })
  if (!isName(project.name) || project.name.length > 64) {
    refuse('unauthenticated', 'the mapping gives a project without a usable name')
  }
  const there = await findProjectScope(tx, { name: project.name, domain: { id: domainId } })
  const projectId = there?.id ?? newId()
  if (!there) {
    const made = { id: projectId, name: project.name, domainId, parentId: domainId, isDomain: false }
    const rest = { description: '', enabled: true, tags: [], options: {}, extra: {} }
    await insertProject(tx, { ...made, ...rest }, ctx.now())
  }
  for (const roleId of roleIds) await ensureGrant(tx, user.id, roleId, { kind: 'project', id: projectId })
}

function isName(text: string | undefined): text is string {
  return (
    text !== undefined &&
    text.trim() !== '' &&
    text.length <= LONGEST_NAME &&
    !text.includes('\0') &&
    text.isWellFormed()
  )
}

/** Keystone's spelling of unique ids: percent-encoded but for `/`. */
function quoted(id: string): string {
  return encodeURIComponent(id)
    .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')
}
