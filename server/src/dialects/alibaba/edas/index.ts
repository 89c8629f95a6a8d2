import type { Operation } from '../operation.ts'
import { getSecureToken } from './get-secure-token.ts'
import { insertOrUpdateRegion } from './insert-or-update-region.ts'
import { deleteUserDefineRegion, listUserDefineRegion } from './namespaces.ts'
import { listAliyunRegion, queryRegionConfig } from './region-config.ts'

/** Every operation of EDAS that is spoken here. */
export function edasOperations(secretAction: string | undefined): readonly Operation[] {
  return [
    getSecureToken(secretAction),
    insertOrUpdateRegion,
    listUserDefineRegion,
    deleteUserDefineRegion,
    listAliyunRegion,
    queryRegionConfig,
  ]
}
