/** What the operations of EDAS (2017-08-01) share: the envelope, namespaces as the wire shows them, and their ARNs. */
import type { NamespaceRecord } from '../../../store/namespaces.ts'
import type { Call } from '../operation.ts'

export const VERSION = '2017-08-01'

/** `{"Code": 200, "Message": "success", "RequestId": ...}` with what was asked for. */
export function success(call: Pick<Call, 'answerId'>, payload: object) {
  return { body: { Code: 200, Message: 'success', RequestId: call.answerId, ...payload } }
}

/** The region of `cn-shenzhen:prod`. */
export const belongRegion = (regionId: string): string => regionId.split(':')[0]!

/** `acs:edas:{region}:{account}:namespace/{id}` */
export function namespaceArn(call: Call, regionId: string): string {
  return `acs:edas:${belongRegion(regionId)}:${call.principal.account.number}:namespace/${regionId}`
}

/** The account's user of EDAS, as its answers name it. */
export const edasUser = ({ principal: { account } }: Call): string =>
  `edas_com_${account.name}@${account.number}`

/** What every answer says of a namespace. */
export function namespaceBody(call: Call, namespace: NamespaceRecord) {
  return {
    Id: namespace.id,
    UserId: edasUser(call),
    RegionId: namespace.regionId,
    RegionName: namespace.name,
    Description: namespace.description,
    BelongRegion: belongRegion(namespace.regionId),
  }
}

/** The host of our address server, as clients reach it. */
export function addressHost({ ctx, headers }: Pick<Call, 'ctx' | 'headers'>): string {
  const { host, edasAddressHost } = ctx.settings
  if (edasAddressHost !== undefined) return edasAddressHost
  if (!['0.0.0.0', '::'].includes(host)) return host
  return /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:\d+)?$/.exec(headers.host ?? '')?.[1] ?? '127.0.0.1'
}
