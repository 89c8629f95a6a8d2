/** OS-MFA: virtual MFA devices of users ("Virtual MFA device management"). */
import { Type } from 'typebox'
import { missing } from '../../../core/refusal.ts'
import {
  bindMfaDevice,
  createMfaDevice,
  deleteMfaDevice,
  type MfaDevice,
  mfaDevices,
  unbindMfaDevice,
} from '../../../flows/mfa-devices.ts'
import { findUsersIn } from '../../../store/users.ts'
import { accountOf, demandAdministrator, demandLasting } from '../access.ts'
import { actorOf, type Call, one, operation } from '../operation.ts'
import { userFor } from '../user-for.ts'

const DEVICES = '/v3.0/OS-MFA/virtual-mfa-devices'
const Code = Type.String({ pattern: '^[0-9]{6}$' })

const shown = ({ serialNumber, userId }: MfaDevice) => ({ serial_number: serialNumber, user_id: userId })

async function deviceOf(call: Pick<Call, 'ctx'>, userId: string, serialNumber: string): Promise<MfaDevice> {
  const devices = await mfaDevices(call.ctx.store.db, userId)
  const device = devices.find((known) => known.serialNumber === serialNumber)
  return device ?? missing('virtual MFA device', serialNumber)
}

const create = operation({
  id: 'createMfaDevice',
  method: 'POST',
  path: DEVICES,
  policy: 'authenticated',
  body: Type.Object({
    virtual_mfa_device: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' }),
      user_id: Type.String(),
    }),
  }),
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    const { name, user_id: userId } = call.body.virtual_mfa_device
    demandLasting(call.caller, 'iam:mfa:createVirtualMFADevice')
    const { domainId: accountId } = await userFor(call, userId, 'iam:mfa:createVirtualMFADevice', 'own')
    const { serialNumber, seed } = await createMfaDevice(call.ctx, actorOf(call), { userId, accountId, name })
    return { body: { virtual_mfa_device: { serial_number: serialNumber, base32_string_seed: seed } } }
  },
})

const list = operation({
  id: 'listUserMfaDevices',
  method: 'GET',
  path: DEVICES,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async ({ ctx, caller }) => {
    const account = accountOf(caller)
    demandAdministrator(caller, account, 'iam:mfa:listVirtualMFADevices')
    const { db } = ctx.store
    const own = new Set((await findUsersIn(db, account)).map(({ id }) => id))
    const devices = (await mfaDevices(db)).filter(({ userId, bound }) => bound && own.has(userId))
    return { body: { virtual_mfa_devices: devices.map(shown) } }
  },
})

const show = operation({
  id: 'showUserMfaDevice',
  method: 'GET',
  path: '/v3.0/OS-MFA/users/:user_id/virtual-mfa-device',
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['user_id'] ?? ''
    await userFor(call, id, 'iam:mfa:getVirtualMFADevice', 'read')
    const devices = await mfaDevices(call.ctx.store.db, id)
    const device = devices.find(({ bound }) => bound) ?? missing('virtual MFA device', id)
    return { body: { virtual_mfa_device: shown(device) } }
  },
})

const bind = operation({
  id: 'createBindingDevice',
  method: 'PUT',
  path: '/v3.0/OS-MFA/mfa-devices/bind',
  policy: 'authenticated',
  body: Type.Object({
    user_id: Type.String(),
    serial_number: Type.String(),
    authentication_code_first: Code,
    authentication_code_second: Code,
  }),
  success: 204,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    const sent = call.body
    demandLasting(call.caller, 'iam:mfa:bindMFADevice')
    await userFor(call, sent.user_id, 'iam:mfa:bindMFADevice', 'own')
    const device = await deviceOf(call, sent.user_id, sent.serial_number)
    const codes = [sent.authentication_code_first, sent.authentication_code_second] as const
    await bindMfaDevice(call.ctx, actorOf(call), device, codes)
    return {}
  },
})

const unbind = operation({
  id: 'deleteBindingDevice',
  method: 'PUT',
  path: '/v3.0/OS-MFA/mfa-devices/unbind',
  policy: 'authenticated',
  body: Type.Object({
    user_id: Type.String(),
    authentication_code: Code,
    serial_number: Type.String(),
  }),
  success: 204,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const sent = call.body
    demandLasting(call.caller, 'iam:mfa:unbindMFADevice')
    const user = await userFor(call, sent.user_id, 'iam:mfa:unbindMFADevice', 'own')
    const device = await deviceOf(call, sent.user_id, sent.serial_number)
    const code = call.caller.user.id === user.id ? sent.authentication_code : undefined
    await unbindMfaDevice(call.ctx, actorOf(call), device, code)
    return {}
  },
})

const remove = operation({
  id: 'deleteMfaDevice',
  method: 'DELETE',
  path: DEVICES,
  policy: 'authenticated',
  success: 204,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const userId = one(call.query, 'user_id') ?? ''
    demandLasting(call.caller, 'iam:mfa:deleteVirtualMFADevice')
    // A stolen password alone must not rid itself of the second factor.
    await userFor(call, userId, 'iam:mfa:deleteVirtualMFADevice', 'change')
    const device = await deviceOf(call, userId, one(call.query, 'serial_number') ?? '')
    await deleteMfaDevice(call.ctx, actorOf(call), device)
    return {}
  },
})

export const mfaDeviceOperations = [create, list, show, bind, unbind, remove]
