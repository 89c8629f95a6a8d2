/** OS-EC2: EC2-style keys under their user. The same rows as `/v3/credentials` of type `ec2`, under the same guards. */
import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import { found, missing } from '../../../core/refusal.ts'
import { credentialIdOf, type Ec2Blob } from '../../../flows/ec2-login.ts'
import type { Incoming } from '../../../http/operation.ts'
import {
  type CredentialRecord,
  deleteCredential,
  findCredential,
  insertCredential,
  listCredentials,
} from '../../../store/credentials.ts'
import { findUser } from '../../../store/identity.ts'
import { findProject } from '../../../store/projects.ts'
import { collection, selfLink } from '../collection.ts'
import { refuseDelegated } from '../delegated.ts'
import { type Call, change, operation } from '../operation.ts'

const CreateBody = Type.Object({ tenant_id: Type.Optional(Type.String()) })
const ALL = '/v3/users/:user_id/credentials/OS-EC2'
const ONE = `${ALL}/:credential_id`
const DELEGATED = 'Delegated tokens cannot access credentials directly'

function body(call: Incoming & Pick<Call, 'ctx'>, credential: CredentialRecord) {
  const { id, userId, projectId, sealedBlob } = credential
  const blob = JSON.parse(call.ctx.keys.open(sealedBlob, `credential:${id}`)) as Ec2Blob
  return {
    user_id: userId,
    tenant_id: projectId,
    access: blob.access,
    secret: blob.secret,
    trust_id: null,
    links: selfLink(call, `users/${userId}/credentials/OS-EC2/${blob.access}`),
  }
}

const create = operation({
  id: 'ec2_create_credential',
  method: 'POST',
  path: ALL,
  policy: 'identity:ec2_create_credential',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  target: (_facts, { params }) => ({
    user_id: params['user_id'],
    'target.credential.user_id': params['user_id'],
  }),
  handle: async (call) => {
    refuseDelegated(call.caller, DELEGATED)
    const { db } = call.ctx.store
    const userId = call.params['user_id'] ?? ''
    const tenantId = call.body.tenant_id
    found(await findUser(db, { id: userId }), 'user', userId)
    found(tenantId && (await findProject(db, tenantId)), 'project', tenantId ?? 'None')
    const blob: Ec2Blob & { readonly trust_id: null } = {
      access: randomUUID().replaceAll('-', ''),
      secret: randomUUID().replaceAll('-', ''),
      trust_id: null,
    }
    const id = credentialIdOf(blob.access)
    const credential: CredentialRecord = {
      id,
      userId,
      projectId: tenantId ?? null,
      type: 'ec2',
      sealedBlob: call.ctx.keys.seal(JSON.stringify(blob), `credential:${id}`),
      extra: {},
    }
    await change(call, `credential:${id}`, (tx) => insertCredential(tx, credential, call.ctx.now()))
    return { body: { credential: body(call, credential) } }
  },
})

const list = operation({
  id: 'ec2_list_credentials',
  method: 'GET',
  path: ALL,
  policy: 'identity:ec2_list_credentials',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  target: (_facts, { params }) => ({ user_id: params['user_id'] }),
  handle: async (call) => {
    refuseDelegated(call.caller, DELEGATED)
    const { db } = call.ctx.store
    const userId = call.params['user_id'] ?? ''
    found(await findUser(db, { id: userId }), 'user', userId)
    const filters = [{ column: 'type', comparator: 'equals', value: 'ec2', caseSensitive: true }] as const
    const { items } = await listCredentials(db, { userId, filters }, {})
    return {
      body: collection(
        call,
        'credentials',
        items.map((item) => body(call, item)),
      ),
    }
  },
})

/** The rule asks for the owner the credential has; the user in the path only has to be there, as in Keystone. */
const onOne = {
  path: ONE,
  load: async ({ ctx, params }: Pick<Call, 'ctx' | 'params'>): Promise<CredentialRecord> => {
    const id = credentialIdOf(params['credential_id'] ?? '')
    const credential = await findCredential(ctx.store.db, id)
    return credential?.type === 'ec2' ? credential : missing('credential', id)
  },
  target: (credential: CredentialRecord) => ({ 'target.credential.user_id': credential.userId }),
}

async function demandUser(call: Pick<Call, 'ctx' | 'params' | 'caller'>): Promise<void> {
  const userId = call.params['user_id'] ?? ''
  found(await findUser(call.ctx.store.db, { id: userId }), 'user', userId)
  refuseDelegated(call.caller, DELEGATED)
}

const show = operation({
  ...onOne,
  id: 'ec2_get_credential',
  method: 'GET',
  policy: 'identity:ec2_get_credential',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call, credential) => {
    await demandUser(call)
    return { body: { credential: body(call, credential) } }
  },
})

const remove = operation({
  ...onOne,
  id: 'ec2_delete_credential',
  method: 'DELETE',
  policy: 'identity:ec2_delete_credential',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call, credential) => {
    await demandUser(call)
    const { id } = credential
    await change(call, `credential:${id}`, (tx) => deleteCredential(tx, id))
    return {}
  },
})

export const ec2CredentialOperations = [create, list, show, remove]
