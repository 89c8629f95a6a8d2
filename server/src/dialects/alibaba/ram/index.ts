import type { Operation } from '../operation.ts'
import { accessKeyOperations } from './access-keys.ts'
import { attachmentOperations } from './attachments.ts'
import { groupOperations } from './groups.ts'
import { policyOperations } from './policies.ts'
import { policyVersionOperations } from './policy-versions.ts'
import { roleOperations } from './roles.ts'
import { userOperations } from './users.ts'

/** Every operation of RAM (2015-05-01) that is spoken here. */
export const ramOperations: readonly Operation[] = [
  ...userOperations,
  ...groupOperations,
  ...accessKeyOperations,
  ...policyOperations,
  ...policyVersionOperations,
  ...attachmentOperations,
  ...roleOperations,
]
