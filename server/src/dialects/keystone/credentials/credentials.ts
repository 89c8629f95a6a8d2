/**
 * Credentials. What lies in a blob is a user's own secret: nobody who acts through a delegation sees one, makes one or
 * changes one (CVE-2026-90460), and only the blob ever changes (CVE-2020-12691). Virtual MFA devices are none here: their
 * seeds are shown once, and they are bound and deleted by operations of their own.
 */
import { type Static, Type } from 'typebox'
import { found, refuse } from '../../../core/refusal.ts'
import { credentialIdOf } from '../../../flows/ec2-login.ts'
import { isMfaDevice, mfaDevices } from '../../../flows/mfa-devices.ts'
import type { Incoming } from '../../../http/operation.ts'
import {
  type CredentialRecord,
  deleteCredential,
  findCredential,
  insertCredential,
  listCredentials,
  replaceBlob,
} from '../../../store/credentials.ts'
import { newId } from '../../../store/ids.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { attributesBeyond, expecting } from '../attributes.ts'
import { collection, filtersFrom, pageFrom, selfLink } from '../collection.ts'
import { refuseDelegated } from '../delegated.ts'
import { type Call, change, operation } from '../operation.ts'

const Created = Type.Object({
  blob: Type.String(),
  type: Type.String(),
  user_id: Type.String(),
  project_id: Type.Optional(Type.String()),
})
const CreateBody = Type.Object({ credential: Created })
const UpdateBody = Type.Object({
  credential: Type.Object({ blob: Type.String() }, { additionalProperties: false }),
})
const KNOWN = ['id', 'blob', 'type', 'user_id', 'project_id', 'links']

const DELEGATED = 'Delegated tokens cannot access credentials directly'

const isEc2 = (type: string): boolean => type.toLowerCase() === 'ec2'
const purpose = (id: string): string => `credential:${id}`

function body(call: Incoming & Pick<Call, 'ctx'>, credential: CredentialRecord) {
  const { id, userId, projectId, type, sealedBlob, extra } = credential
  const blob = call.ctx.keys.open(sealedBlob, purpose(id))
  return {
    ...extra,
    id,
    user_id: userId,
    project_id: projectId,
    type,
    blob,
    links: selfLink(call, `credentials/${id}`),
  }
}

/** The blob of an EC2 key: a JSON object with at least an `access`. */
function ec2Blob(blob: string): Readonly<Record<string, unknown>> & { readonly access: string } {
  let parsed: unknown
  try {
    parsed = JSON.parse(blob)
  } catch {
    return refuse('bad_request', 'blob is no JSON', { message: 'Invalid blob in credential' })
  }
  if (typeof parsed !== 'object' || parsed === null || Object.keys(parsed).length === 0) {
    return expecting('blob', 'credential')
  }
  const access = 'access' in parsed ? parsed.access : undefined
  if (typeof access !== 'string') return expecting('access', 'credential')
  return { ...parsed, access }
}

const create = operation({
  id: 'create_credential',
  method: 'POST',
  path: '/v3/credentials',
  policy: 'identity:create_credential',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'conflict'],
  target: (_facts, { body }) => ({ 'target.credential.user_id': body.credential.user_id }),
  handle: async (call) => {
    refuseDelegated(call.caller, DELEGATED)
    const sent = call.body.credential
    const id = idOf(sent)
    const credential: CredentialRecord = {
      id,
      userId: sent.user_id,
      projectId: sent.project_id ?? null,
      type: sent.type,
      sealedBlob: call.ctx.keys.seal(sent.blob, purpose(id)),
      extra: attributesBeyond(sent, KNOWN),
    }
    if (isMfaDevice(credential)) refuse('forbidden', 'a virtual MFA device as a credential')
    await change(call, purpose(id), async (tx) => {
      // Whoever has got hold of a session is not to get by the device of its user.
      if (credential.type === 'totp' && (await mfaDevices(tx, credential.userId)).length > 0) {
        refuse('forbidden', 'passcodes beside those of a virtual MFA device')
      }
      await insertCredential(tx, credential, call.ctx.now())
    }).catch((error) => {
      if (!isUniqueViolation(error)) throw error
      refuse('conflict', 'access key taken', {
        message: `Conflict occurred attempting to store credential - Duplicate entry found with ID ${id}.`,
      })
    })
    return { body: { credential: body(call, credential) } }
  },
})

function idOf(sent: Static<typeof Created>): string {
  if (!isEc2(sent.type)) return newId()
  if (sent.project_id === undefined) expecting('project_id', 'credential')
  return credentialIdOf(ec2Blob(sent.blob).access)
}

/** Whether the rule would show the caller this credential: a list holds nothing that could not be read by itself. */
function ownOnly(call: Pick<Call, 'caller'>): string | undefined {
  const { caller } = call
  const names = caller.roles.map((role) => role.name.toLowerCase())
  const seesAll = names.includes('admin') || (caller.scope.kind === 'system' && names.includes('reader'))
  return seesAll ? undefined : caller.user.id
}

const list = operation({
  id: 'list_credentials',
  method: 'GET',
  path: '/v3/credentials',
  policy: 'identity:list_credentials',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  target: (_facts, { caller }) =>
    caller.scope.kind === 'system' ? {} : { 'target.credential.user_id': caller.user.id },
  handle: async (call) => {
    if (call.caller.claims.via.some((link) => link.kind !== 'federation')) {
      return { body: collection(call, 'credentials', []) }
    }
    const filters = filtersFrom(call.query, { user_id: { column: 'user_id' }, type: { column: 'type' } })
    const userId = ownOnly(call)
    const narrowing = userId === undefined ? { filters } : { filters, userId }
    const { items, next } = await listCredentials(call.ctx.store.db, narrowing, pageFrom(call.query))
    return {
      body: collection(
        call,
        'credentials',
        items.filter((item) => !isMfaDevice(item)).map((item) => body(call, item)),
        next,
      ),
    }
  },
})

const onOne = {
  path: '/v3/credentials/:credential_id',
  load: async ({ ctx, params }: Pick<Call, 'ctx' | 'params'>) => {
    const credential = await findCredential(ctx.store.db, params['credential_id'] ?? '')
    return credential && isMfaDevice(credential) ? undefined : credential
  },
  target: (credential: CredentialRecord | undefined) => ({
    'target.credential.user_id': credential?.userId ?? null,
  }),
}

function existing(
  call: Pick<Call, 'params' | 'caller'>,
  credential: CredentialRecord | undefined,
): CredentialRecord {
  const there = found(credential, 'credential', call.params['credential_id'] ?? '')
  refuseDelegated(call.caller, DELEGATED)
  return there
}

const show = operation({
  ...onOne,
  id: 'get_credential',
  method: 'GET',
  policy: 'identity:get_credential',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call, credential) => ({ body: { credential: body(call, existing(call, credential)) } }),
})

/** What ties an EC2 key to its origin never changes, its access key neither: its id is made from it. */
const PINNED = ['trust_id', 'app_cred_id', 'access_token_id', 'access_id', 'access']

const update = operation({
  ...onOne,
  id: 'update_credential',
  method: 'PATCH',
  policy: 'identity:update_credential',
  body: UpdateBody,
  bodyFaults: 'after-policy',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call, credential) => {
    const before = existing(call, credential)
    const { blob } = call.body.credential
    if (isEc2(before.type)) {
      const after = ec2Blob(blob)
      const old = ec2Blob(call.ctx.keys.open(before.sealedBlob, purpose(before.id)))
      const changed = PINNED.find((name) => old[name] !== after[name])
      if (changed !== undefined) {
        refuse('bad_request', `${changed} changed`, {
          message: `${changed} can not be updated for credential`,
        })
      }
    }
    const sealedBlob = call.ctx.keys.seal(blob, purpose(before.id))
    await change(call, purpose(before.id), (tx) => replaceBlob(tx, before.id, sealedBlob))
    return { body: { credential: body(call, { ...before, sealedBlob }) } }
  },
})

const remove = operation({
  ...onOne,
  id: 'delete_credential',
  method: 'DELETE',
  policy: 'identity:delete_credential',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call, credential) => {
    const { id } = existing(call, credential)
    await change(call, purpose(id), (tx) => deleteCredential(tx, id))
    return {}
  },
})

export const credentialOperations = [create, list, show, update, remove]
