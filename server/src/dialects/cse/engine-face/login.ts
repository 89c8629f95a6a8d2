/** `POST /v4/token`, what a token may, and which logins are locked. */
import { Type } from 'typebox'
import { engineLockout, tokenLifeOf } from '../../../core/engine-rules.ts'
import { permissionsOf, refuseEngine } from '../../../flows/engine-accounts.ts'
import { loginToEngine } from '../../../flows/engine-login.ts'
import { listEngineLocks } from '../../../store/engine-accounts.ts'
import { engineMeant, operation, publicOperation } from './operation.ts'

const login = publicOperation({
  id: 'login',
  method: 'POST',
  path: '/v4/token',
  policy: 'public',
  body: Type.Object({
    name: Type.String({ minLength: 1, maxLength: 64 }),
    password: Type.String({ minLength: 1, maxLength: 64 }),
    tokenExpirationTime: Type.Optional(Type.String({ maxLength: 32 })),
  }),
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'busy'],
  handle: async (call) => {
    const engine = await engineMeant(call.ctx, call, 'CSE2')
    const { name, password, tokenExpirationTime } = call.body
    const life = tokenLifeOf(tokenExpirationTime) ?? refuseEngine('invalid', 'tokenExpirationTime')
    const { remoteAddress: address, requestId } = call
    const { token } = await loginToEngine(call.ctx, engine, { name, password, life, address, requestId })
    return { body: { token: token.text } }
  },
})

const selfPerms = operation({
  id: 'self_perms',
  method: 'GET',
  path: '/v4/self-perms',
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated'],
  handle: async ({ ctx, caller }) => ({
    body: { perms: await permissionsOf(ctx.store.db, caller.engine, caller.account.roles) },
  }),
})

const locks = operation({
  id: 'account_locks',
  method: 'GET',
  path: '/v4/account-locks',
  policy: 'account:get',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async ({ ctx, caller }) => {
    const found = await listEngineLocks(ctx.store.db, caller.engine.id, ctx.now())
    const data = found.map(({ name, address, failures, releaseAt }) => ({
      key: `${name}::${address}`,
      status: failures >= engineLockout.failures ? 'banned' : 'attempted',
      releaseAt: Math.floor(releaseAt / 1e6),
    }))
    return { body: { total: data.length, data } }
  },
})

export const loginOperations = [login, selfPerms, locks]
