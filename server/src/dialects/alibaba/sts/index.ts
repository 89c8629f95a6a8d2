import type { Operation } from '../operation.ts'
import { assumeRoleOperation } from './assume-role.ts'
import { assumeRoleWithOidc } from './assume-role-with-oidc.ts'
import { getCallerIdentity } from './get-caller-identity.ts'

/** Every operation of STS (2015-04-01) that is spoken here. */
export const stsOperations: readonly Operation[] = [
  assumeRoleOperation,
  assumeRoleWithOidc,
  getCallerIdentity,
]
