import { found, refuse } from '../../../core/refusal.ts'
import { newPassword, storePassword } from '../../../flows/passwords.ts'
import type { NewPassword } from '../../../store/passwords.ts'
import type { Db } from '../../../store/store.ts'
import {
  findUserById,
  holdUser,
  listFederatedIdentities,
  type User,
  updateUser as updateStored,
  voidTokens,
} from '../../../store/users.ts'
import { demandSameId, mergedOptions } from '../attributes.ts'
import { type Call, change, operation } from '../operation.ts'
import {
  extraOf,
  federatedFields,
  identitiesOf,
  type SentUser,
  UpdateUserBody,
  userFields,
  userTarget,
} from './user-body.ts'
import { demandNoDomain, demandNotOwnSignIn, nameTaken, storeIdentities } from './user-rules.ts'

const idOf = (call: Pick<Call, 'params'>): string => call.params['user_id'] ?? ''

/**
 * `PATCH /v3/users/{user_id}`. A new password, its removal and disabling void every token of the user; a new password and
 * `enabled: true` end a lockout. Extra attributes are shown twice, as Keystone shows them here and nowhere else.
 */
export const updateUser = operation({
  id: 'update_user',
  method: 'PATCH',
  path: '/v3/users/:user_id',
  policy: 'identity:update_user',
  body: UpdateUserBody,
  bodyFaults: 'after-policy',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict', 'busy'],
  load: (call) => findUserById(call.ctx.store.db, idOf(call)),
  target: userTarget,
  handle: async (call, loaded) => {
    const { ctx } = call
    const sent = call.body.user
    const before = found(loaded, 'user', idOf(call))
    demandSameId(sent, before.id)
    demandNotOwnSignIn(call.caller, before.id, sent)
    demandAllowed(before, sent)
    const password = await passwordFrom(call, before, sent)
    const { user, identities } = await change(call, `user:${before.id}`, async (tx) => {
      const held = found(await holdUser(tx, before.id), 'user', before.id)
      demandAllowed(held, sent)
      await demandNoDomain(tx, sent.default_project_id)
      await store(call, tx, held, sent)
      if (password) await storePassword(ctx, tx, held.id, password)
      const user = found(await findUserById(tx, held.id), 'user', held.id)
      if (sent.federated?.length) await storeIdentities(tx, call.caller, user, identitiesOf(sent.federated))
      return { user, identities: await listFederatedIdentities(tx, held.id) }
    })
    const more = { extra: user.extra, ...federatedFields(identities) }
    return { body: { user: userFields(call, user, more) } }
  },
})

function demandAllowed(before: User, sent: SentUser): void {
  if (sent.domain_id !== undefined && sent.domain_id !== before.domainId) {
    refuse('bad_request', 'domain_id in the body', { message: 'Cannot change Domain ID' })
  }
  if (typeof sent.password === 'string' && before.kind === 'federated') {
    refuse('bad_request', 'password for a federated user', {
      message: 'A federated user signs in at the identity provider and cannot have a password here.',
    })
  }
}

/** The password to store: a new one, none any more, or undefined when nothing is said of it. */
async function passwordFrom(call: Call, before: User, sent: SentUser): Promise<NewPassword | undefined> {
  if (sent.password === undefined) return undefined
  if (sent.password === null) return { hash: '', expiresAt: null, selfService: false }
  const options = mergedOptions(before.options, sent.options)
  return newPassword(call.ctx, sent.password, { by: 'other', options, of: before })
}

async function store(call: Call, tx: Db, held: User, sent: SentUser): Promise<void> {
  const now = call.ctx.now()
  const name = sent.name?.trim()
  await updateStored(tx, held.id, {
    ...(name === undefined ? {} : { name }),
    ...(sent.enabled === undefined ? {} : { enabled: sent.enabled }),
    ...(sent.default_project_id === undefined ? {} : { defaultProjectId: sent.default_project_id }),
    options: mergedOptions(held.options, sent.options),
    extra: { ...held.extra, ...extraOf(sent) },
    // Whoever is enabled again after days without a sign-in has these days ahead of them once more.
    ...(sent.enabled === true ? { lastActiveAt: now } : {}),
    unlock: sent.enabled === true || typeof sent.password === 'string',
  }).catch(nameTaken('user', name ?? held.name))
  if (sent.enabled === false) await voidTokens(tx, held.id, now)
}
