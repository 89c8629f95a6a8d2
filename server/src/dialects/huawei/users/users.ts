/** OS-USER: an account's users with the attributes Huawei Cloud knows ("IAM user management"). Its errors are numbers. */
import { type Static, Type } from 'typebox'
import { missing, refuse } from '../../../core/refusal.ts'
import { demandManaging } from '../../../flows/account-security.ts'
import { newPassword, storePassword } from '../../../flows/passwords.ts'
import { newId } from '../../../store/ids.ts'
import { insertPassword } from '../../../store/passwords.ts'
import { findDomainScope } from '../../../store/scopes.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import {
  findUserById,
  holdUser,
  insertUser,
  type User,
  updateUser as updateStored,
  voidTokens,
} from '../../../store/users.ts'
import { demandAdministrator } from '../access.ts'
import { type Call, change, operation } from '../operation.ts'
import { zonedTime } from '../time.ts'
import { userFor } from '../user-for.ts'

const Text = Type.Optional(Type.String({ maxLength: 255 }))
const attributes = {
  access_mode: Type.Optional(
    Type.Union([Type.Literal('default'), Type.Literal('programmatic'), Type.Literal('console')]),
  ),
  email: Text,
  areacode: Text,
  phone: Text,
  enabled: Type.Optional(Type.Boolean()),
  pwd_status: Type.Optional(Type.Boolean()),
  xuser_type: Text,
  xuser_id: Text,
  description: Text,
  password: Type.Optional(Type.String({ minLength: 1 })),
}
export const UserName = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[A-Za-z][A-Za-z0-9 ._-]*$',
})

type Sent = Static<ReturnType<typeof Type.Object<typeof attributes>>>

/** What is kept of a body beside the columns of a user. */
function extraFrom(sent: Sent): Record<string, unknown> {
  const { enabled: _, password: __, ...kept } = sent
  const names = Object.keys(attributes)
  return Object.fromEntries(Object.entries(kept).filter(([name]) => names.includes(name)))
}

function userBody(user: User): Record<string, unknown> {
  const extra = user.extra as Readonly<Record<string, unknown>>
  return {
    id: user.id,
    domain_id: user.domainId,
    name: user.name,
    enabled: user.enabled,
    description: extra['description'] ?? '',
    access_mode: extra['access_mode'] ?? 'default',
    pwd_status: extra['pwd_status'] ?? false,
    xuser_id: extra['xuser_id'] ?? '',
    xuser_type: extra['xuser_type'] ?? '',
    email: extra['email'] ?? '',
    areacode: extra['areacode'] ?? '',
    phone: extra['phone'] ?? '',
    is_domain_owner: false,
    create_time: zonedTime(user.createdAt),
  }
}

export const userNameTaken = (error: unknown): never => {
  if (!isUniqueViolation(error)) throw error
  return refuse('conflict', 'name taken', { wireCode: '1109', message: 'The username already exists.' })
}

const create = operation({
  id: 'createUser',
  method: 'POST',
  path: '/v3.0/OS-USER/users',
  policy: 'authenticated',
  body: Type.Object({ user: Type.Object({ ...attributes, name: UserName, domain_id: Type.String() }) }),
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict', 'busy'],
  handle: async (call) => {
    const { ctx } = call
    const sent = call.body.user
    demandAdministrator(call.caller, sent.domain_id, 'iam:users:createUser')
    const password =
      sent.password === undefined
        ? undefined
        : await newPassword(ctx, sent.password, {
            by: 'other',
            options: {},
            of: { name: sent.name, domainId: sent.domain_id },
          })
    const id = newId()
    const user = await change(call, `user:${id}`, async (tx) => {
      if (!(await findDomainScope(tx, { id: sent.domain_id }))) missing('domain', sent.domain_id)
      const now = ctx.now()
      await insertUser(
        tx,
        {
          id,
          name: sent.name,
          domainId: sent.domain_id,
          enabled: sent.enabled ?? true,
          defaultProjectId: null,
          options: {},
          extra: extraFrom(sent),
        },
        now,
      ).catch(userNameTaken)
      if (password) await insertPassword(tx, id, password, now)
      return (await findUserById(tx, id)) ?? missing('user', id)
    })
    const { create_time, ...body } = userBody(user)
    return { body: { user: { ...body, create_time, password_expires_at: expiryOf(user), status: null } } }
  },
})

const expiryOf = ({ passwordExpiresAt: at }: User): string => (at === null ? '' : zonedTime(at))

const userIn = (
  call: Pick<Call, 'ctx' | 'caller' | 'params'>,
  action: string,
  kind: 'read' | 'change' | 'own',
): Promise<User> => userFor(call, call.params['user_id'] ?? '', action, kind)

const path = '/v3.0/OS-USER/users/:user_id'

const show = operation({
  id: 'showUser',
  method: 'GET',
  path,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const user = await userIn(call, 'iam:users:getUser', 'read')
    return {
      body: {
        user: {
          ...userBody(user),
          links: { self: `${call.baseUrl}/v3/users/${user.id}`, previous: null, next: null },
          last_login_time: user.lastActiveAt === null ? '' : zonedTime(user.lastActiveAt),
        },
      },
    }
  },
})

const update = operation({
  id: 'updateUser',
  method: 'PUT',
  path,
  policy: 'authenticated',
  body: Type.Object({ user: Type.Object({ ...attributes, name: Type.Optional(UserName) }) }),
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict', 'busy'],
  handle: async (call) => {
    const { ctx } = call
    const sent = call.body.user
    const before = await userIn(call, 'iam:users:updateUser', 'change')
    if (sent.password !== undefined && before.kind === 'federated') {
      refuse('bad_request', 'password for a federated user', {
        message: 'A federated user signs in at the identity provider and cannot have a password here.',
      })
    }
    const password =
      sent.password === undefined
        ? undefined
        : await newPassword(ctx, sent.password, { by: 'other', options: before.options, of: before })
    const user = await change(call, `user:${before.id}`, async (tx) => {
      // Somebody may have changed other attributes since they were read, while a password was being hashed for one.
      const { extra } = (await holdUser(tx, before.id)) ?? missing('user', before.id)
      await updateStored(tx, before.id, {
        ...(sent.name === undefined ? {} : { name: sent.name }),
        ...(sent.enabled === undefined ? {} : { enabled: sent.enabled }),
        extra: { ...extra, ...extraFrom(sent) },
        unlock: sent.enabled === true || password !== undefined,
      }).catch(userNameTaken)
      if (password) await storePassword(ctx, tx, before.id, password)
      if (sent.enabled === false) await voidTokens(tx, before.id, ctx.now())
      return (await findUserById(tx, before.id)) ?? missing('user', before.id)
    })
    const links = { self: `${call.baseUrl}/v3/users/${user.id}` }
    return { body: { user: { ...userBody(user), links, password_expires_at: expiryOf(user) } } }
  },
})

const updateInformation = operation({
  id: 'updateUserInformation',
  method: 'PUT',
  path: `${path}/info`,
  policy: 'authenticated',
  body: Type.Object({ user: Type.Object({ email: Text, mobile: Text }) }),
  success: 204,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const before = await userIn(call, 'iam:users:updateUser', 'own')
    const { email, mobile } = call.body.user
    if (call.caller.user.id === before.id) {
      if (email !== undefined) await demandManaging(call.ctx, before.domainId, 'manage_email')
      if (mobile !== undefined) await demandManaging(call.ctx, before.domainId, 'manage_mobile')
    }
    await change(call, `user:${before.id}`, async (tx) => {
      const { extra } = (await holdUser(tx, before.id)) ?? missing('user', before.id)
      const sent = {
        ...(email === undefined ? {} : { email }),
        ...(mobile === undefined ? {} : { phone: mobile }),
      }
      await updateStored(tx, before.id, { extra: { ...extra, ...sent } })
    })
    return {}
  },
})

export const userOperations = [create, show, update, updateInformation]
