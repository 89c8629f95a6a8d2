/** ListAliyunRegion and QueryRegionConfig: what there is to choose from, and where a region's services are. */
import { operation } from '../operation.ts'
import { addressHost, success, VERSION } from './edas.ts'
import { REGIONS } from './regions.ts'

export const listAliyunRegion = operation<void>({
  action: 'ListAliyunRegion',
  version: VERSION,
  route: { method: 'POST', path: '/pop/v5/resource/region_list' },
  parameters: [],
  actions: 'any',
  refusals: ['bad_request', 'unauthenticated'],
  handle: async (call) =>
    success(call, {
      RegionEntityList: { RegionEntity: REGIONS.map(({ id, name }) => ({ Id: id, Name: name })) },
    }),
})

/** `RegionId` chooses the region; the first one without. We install no agents and serve no files, and say so. */
export const queryRegionConfig = operation<void>({
  action: 'QueryRegionConfig',
  version: VERSION,
  route: { method: 'GET', path: '/pop/v5/region_config' },
  parameters: [],
  actions: 'any',
  refusals: ['bad_request', 'unauthenticated'],
  handle: async (call) => {
    const index = Math.max(
      0,
      REGIONS.findIndex(({ id }) => id === call.parameters['RegionId']),
    )
    const { id, name } = REGIONS[index]!
    return success(call, {
      RegionConfig: {
        Id: id,
        Name: name,
        No: index + 1,
        Tag: id,
        AddressServerHost: addressHost(call),
        AgentInstallScript: '',
        ImageId: '',
        FileServerType: '',
        FileServerConfig: { Bucket: '', InternalUrl: '', PublicUrl: '', VpcUrl: '' },
      },
    })
  },
})
