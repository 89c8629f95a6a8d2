import { parseTrustPolicy } from '../../../core/policy/statements/trust.ts'
import {
  type AgencyRecord,
  findAgency,
  insertAgency,
  listAgencies,
  updateAgency,
} from '../../../store/agencies.ts'
import { newId } from '../../../store/ids.ts'
import { removeAgencies } from '../../../store/removal.ts'
import { listAttachments } from '../../../store/statement-policies.ts'
import { invalidParameter, noSuch } from '../errors.ts'
import { type Call, change, required } from '../operation.ts'
import {
  answer,
  arnOf,
  conflict,
  demandWithinRam,
  formed,
  pageAmong,
  ramOperation,
  ramRole,
  text,
  time,
  truncation,
  unlessTaken,
} from './ram.ts'

const NAME = /^[A-Za-z0-9.-]{1,64}$/
const MOST_BYTES = 4096
const LEAST_SECONDS = 3600
const MOST_SECONDS = 43_200

const roleNamed = (call: Call): readonly string[] => [`role/${required(call, 'RoleName')}`]

function roleBody(call: Call, role: AgencyRecord) {
  return {
    RoleId: role.id,
    RoleName: role.name,
    Arn: arnOf(call, `role/${role.name}`),
    Description: role.description,
    MaxSessionDuration: role.maxSessionSeconds,
    CreateDate: time(role.createdAt),
    UpdateDate: time(Number(role.extra['ram_updated_at'] ?? role.createdAt)),
  }
}

const withTrust = (call: Call, role: AgencyRecord) => ({
  ...roleBody(call, role),
  AssumeRolePolicyDocument: JSON.stringify(role.trustPolicy),
})

function trustPolicyOf(call: Call, name: string): unknown {
  const written = required(call, name)
  if (Buffer.byteLength(written) > MOST_BYTES) return invalidParameter(name, `is longer than ${MOST_BYTES}`)
  let document: unknown
  try {
    document = JSON.parse(written)
  } catch {
    return invalidParameter(name, 'is not JSON')
  }
  const statements = parseTrustPolicy(document)
  if ('problem' in statements) return invalidParameter(name, `${statements.at} ${statements.problem}`.trim())
  return document
}

function sessionSeconds({ parameters }: Call, name: string): number | undefined {
  const given = parameters[name]
  if (!given) return undefined
  const seconds = /^\d{1,6}$/.test(given) ? Number(given) : 0
  if (seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS) return seconds
  return invalidParameter(name, `is not from ${LEAST_SECONDS} to ${MOST_SECONDS}`)
}

const createRole = ramOperation({
  action: 'CreateRole',
  parameters: ['RoleName', 'AssumeRolePolicyDocument', 'Description', 'MaxSessionDuration'],
  on: () => ['role/*'],
  handle: async (call) => {
    const id = newId()
    const role = {
      id,
      domainId: call.principal.account.id,
      kind: 'role',
      name: formed(call, 'RoleName', NAME),
      description: text(call, 'Description', 1024) ?? '',
      trustDomainId: null,
      trustPolicy: trustPolicyOf(call, 'AssumeRolePolicyDocument'),
      durationHours: null,
      expiresAt: null,
      maxSessionSeconds: sessionSeconds(call, 'MaxSessionDuration') ?? LEAST_SECONDS,
      externalId: null,
      guards: {},
      extra: {},
      createdAt: call.ctx.now(),
    } as const
    await unlessTaken(
      'Role',
      change(call, `role:${id}`, (tx) => insertAgency(tx, role)),
    )
    return answer(call, { Role: withTrust(call, await ramRole(call, role.name)) })
  },
})

const getRole = ramOperation({
  action: 'GetRole',
  parameters: ['RoleName'],
  on: roleNamed,
  handle: async (call) =>
    answer(call, { Role: withTrust(call, await ramRole(call, required(call, 'RoleName'))) }),
})

const updateRole = ramOperation({
  action: 'UpdateRole',
  parameters: ['RoleName', 'NewAssumeRolePolicyDocument', 'NewDescription', 'NewMaxSessionDuration'],
  on: roleNamed,
  handle: async (call) => {
    const { id } = await ramRole(call, required(call, 'RoleName'))
    await demandWithinRam(call, { kind: 'agency', id })
    const maxSessionSeconds = sessionSeconds(call, 'NewMaxSessionDuration')
    const description = text(call, 'NewDescription', 1024)
    const trusts = call.parameters['NewAssumeRolePolicyDocument']
    const trustPolicy = trusts ? trustPolicyOf(call, 'NewAssumeRolePolicyDocument') : undefined
    const role = await change(call, `role:${id}`, async (tx) => {
      const before = (await findAgency(tx, { id })) ?? noSuch('Role', 'gone meanwhile')
      await updateAgency(tx, id, {
        extra: { ...before.extra, ram_updated_at: call.ctx.now() },
        ...(maxSessionSeconds === undefined ? {} : { maxSessionSeconds }),
        ...(description === undefined ? {} : { description }),
        ...(trustPolicy === undefined ? {} : { trustPolicy }),
      })
      return (await findAgency(tx, { id })) ?? before
    })
    return answer(call, { Role: withTrust(call, role) })
  },
})

const deleteRole = ramOperation({
  action: 'DeleteRole',
  parameters: ['RoleName'],
  on: roleNamed,
  handle: async (call) => {
    const { id } = await ramRole(call, required(call, 'RoleName'))
    await demandWithinRam(call, { kind: 'agency', id })
    await change(call, `role:${id}`, async (tx) => {
      const attached = await listAttachments(tx, { actor: { kind: 'agency', id } })
      if (attached.length > 0) conflict('DeleteConflict.Role.Policy', 'The role still has policies.')
      await removeAgencies(tx, [id])
    })
    return answer(call)
  },
})

const listRoles = ramOperation({
  action: 'ListRoles',
  parameters: ['Marker', 'MaxItems'],
  on: () => ['role/*'],
  handle: async (call) => {
    const all = await listAgencies(call.ctx.store.db, {
      domainId: call.principal.account.id,
      kind: 'role',
    })
    const { items, next } = pageAmong(call, all, ({ id }) => id)
    return answer(call, { ...truncation(next), Roles: { Role: items.map((role) => roleBody(call, role)) } })
  },
})

export const roleOperations = [createRole, getRole, updateRole, deleteRole, listRoles]
