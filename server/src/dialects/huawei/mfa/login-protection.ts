/**
 * Login protection of users ("IAM user management"): with it a sign-in by password needs a passcode of the user's virtual
 * MFA device too. It is Keystone's multi-factor rule on the user, which every face keeps.
 */
import { Type } from 'typebox'
import { missing, refuse } from '../../../core/refusal.ts'
import { isProtected, mfaDevices } from '../../../flows/mfa-devices.ts'
import { findUserById, findUsersIn, type User, updateUser } from '../../../store/users.ts'
import { accountOf, demandAdministrator } from '../access.ts'
import { change, operation } from '../operation.ts'
import { userFor } from '../user-for.ts'

const RULES = 'multi_factor_auth_rules'
const ENABLED = 'multi_factor_auth_enabled'
const PATH = '/v3.0/OS-USER/users/:user_id/login-protect'

type Protectable = Pick<User, 'id' | 'options'>

const shown = (user: Protectable) => ({
  enabled: isProtected(user),
  user_id: user.id,
  verification_method: isProtected(user) ? 'vmfa' : 'none',
})

const list = operation({
  id: 'listUserLoginProtects',
  method: 'GET',
  path: '/v3.0/OS-USER/login-protects',
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async ({ ctx, caller }) => {
    const account = accountOf(caller)
    demandAdministrator(caller, account, 'iam:users:listUserLoginProtects')
    const users = (await findUsersIn(ctx.store.db, account)).filter(isProtected)
    return { body: { login_protects: users.map(shown) } }
  },
})

const show = operation({
  id: 'showUserLoginProtect',
  method: 'GET',
  path: PATH,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const user = await userFor(call, call.params['user_id'] ?? '', 'iam:users:getUserLoginProtect', 'read')
    return { body: { login_protect: shown(user) } }
  },
})

const update = operation({
  id: 'updateLoginProtect',
  method: 'PUT',
  path: PATH,
  policy: 'authenticated',
  body: Type.Object({
    login_protect: Type.Object({
      enabled: Type.Boolean(),
      // Nothing here sends messages: what cannot be verified is not promised.
      verification_method: Type.Union([Type.Literal('vmfa'), Type.Literal('none')]),
    }),
  }),
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { enabled, verification_method: method } = call.body.login_protect
    const id = call.params['user_id'] ?? ''
    await userFor(call, id, 'iam:users:updateUserLoginProtect', 'change')
    const user = await change(call, `user:${id}`, async (tx) => {
      const before = (await findUserById(tx, id)) ?? missing('user', id)
      const on = enabled && method === 'vmfa'
      if (on && !(await mfaDevices(tx, id)).some(({ bound }) => bound)) {
        refuse('bad_request', 'no device', { message: 'No virtual MFA device is bound to the user.' })
      }
      const { [RULES]: _, [ENABLED]: __, ...rest } = before.options
      const options = on ? { ...rest, [RULES]: [['password', 'totp']], [ENABLED]: true } : rest
      await updateUser(tx, id, { options })
      return { id, options }
    })
    return { body: { login_protect: shown(user) } }
  },
})

export const loginProtectionOperations = [list, show, update]
