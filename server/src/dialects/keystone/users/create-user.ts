import { missing } from '../../../core/refusal.ts'
import { newPassword } from '../../../flows/passwords.ts'
import { newId } from '../../../store/ids.ts'
import { insertPassword } from '../../../store/passwords.ts'
import { findDomainScope } from '../../../store/scopes.ts'
import { findUserById, insertUser, type NewUser } from '../../../store/users.ts'
import { mergedOptions } from '../attributes.ts'
import { change, operation } from '../operation.ts'
import { ownDomainOf } from '../own-domain.ts'
import { CreateUserBody, extraOf, federatedFields, identitiesOf, userFields } from './user-body.ts'
import { demandNoDomain, nameTaken, storeIdentities } from './user-rules.ts'

/** `POST /v3/users`. Without a domain: the one of a domain-scoped token, else the default domain. */
export const createUser = operation({
  id: 'create_user',
  method: 'POST',
  path: '/v3/users',
  policy: 'identity:create_user',
  body: CreateUserBody,
  bodyFaults: 'after-policy',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict', 'busy'],
  target: (_facts, { body, caller, ctx }) => ({
    'target.user.domain_id': body?.user.domain_id ?? ownDomainOf(caller, ctx.settings),
  }),
  handle: async (call) => {
    const { ctx } = call
    const sent = call.body.user
    const user: NewUser = {
      id: newId(),
      name: sent.name.trim(),
      domainId: sent.domain_id ?? ownDomainOf(call.caller, ctx.settings),
      enabled: sent.enabled ?? true,
      defaultProjectId: sent.default_project_id ?? null,
      options: mergedOptions({}, sent.options),
      extra: extraOf(sent),
    }
    const identities = identitiesOf(sent.federated ?? [])
    const password =
      typeof sent.password === 'string'
        ? await newPassword(ctx, sent.password, { by: 'other', options: user.options, of: user })
        : undefined
    const stored = await change(call, `user:${user.id}`, async (tx) => {
      if (!(await findDomainScope(tx, { id: user.domainId }))) missing('domain', user.domainId)
      await demandNoDomain(tx, user.defaultProjectId)
      const now = ctx.now()
      await insertUser(tx, user, now).catch(nameTaken('user', user.name, user.domainId))
      if (password) await insertPassword(tx, user.id, password, now)
      await storeIdentities(tx, call.caller, user, identities)
      return (await findUserById(tx, user.id)) ?? missing('user', user.id)
    })
    return { body: { user: userFields(call, stored, federatedFields(identities)) } }
  },
})
