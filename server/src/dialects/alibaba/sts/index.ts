import type { Operation } from '../operation.ts'
import { assumeRoleOperation } from './assume-role.ts'
import { getCallerIdentity } from './get-caller-identity.ts'

/** Every operation of STS (2015-04-01) that is spoken here. */
export const stsOperations: readonly Operation[] = [assumeRoleOperation, getCallerIdentity]
