/**
 * GetSecureToken (`GET /pop/v5/secure_token`): a namespace's key, secret and tenant, and where its registry is. The
 * action is `edas:ReadNamespace`, a reading one, as Alibaba has it; `edas-secret-action` asks for one more.
 */
import { ensureDefaultNamespace, readSecureToken } from '../../../flows/namespaces.ts'
import { findNamespace } from '../../../store/namespaces.ts'
import { noSuch } from '../errors.ts'
import { actorOf, type Call, operation, required } from '../operation.ts'
import { addressHost, namespaceArn, namespaceBody, success, VERSION } from './edas.ts'
import { isRegion } from './regions.ts'

const READ = 'edas:ReadNamespace'

/** `secretAction`: what has to be allowed besides, where the operator wants reading secrets apart. */
export const getSecureToken = (secretAction: string | undefined) =>
  operation<void>({
    action: 'GetSecureToken',
    version: VERSION,
    route: { method: 'GET', path: '/pop/v5/secure_token' },
    parameters: ['NamespaceId'],
    actions: secretAction === undefined ? [READ] : [READ, secretAction],
    refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
    asks: (call) => {
      const resource = namespaceArn(call, required(call, 'NamespaceId'))
      const actions = secretAction === undefined ? [READ] : [READ, secretAction]
      return actions.map((action) => ({ action, resource }))
    },
    handle: async (call) => {
      const namespace = await namespaceOf(call, required(call, 'NamespaceId'))
      const { accessKey, secretKey } = await readSecureToken(call.ctx, actorOf(call), namespace)
      const { mse, tenantId, registryType } = namespace
      return success(call, {
        SecureToken: {
          ...namespaceBody(call, namespace),
          EdasId: call.principal.account.number,
          AccessKey: accessKey,
          SecretKey: secretKey,
          TenantId: tenantId,
          AddressServerHost: addressHost(call),
          MseRegistryType: registryType,
          MseInstanceId: mse.instanceId,
          MseInternetAddress: mse.internetAddress,
          MseIntranetAddress: mse.intranetAddress,
        },
      })
    },
  })

/** A region's default namespace is there from the start, and so made when first asked for. */
async function namespaceOf(call: Call, regionId: string) {
  const { id: domainId } = call.principal.account
  if (isRegion(regionId)) return ensureDefaultNamespace(call.ctx, actorOf(call), { domainId, regionId })
  const namespace = await findNamespace(call.ctx.store.db, domainId, { regionId })
  return namespace ?? noSuch('Namespace', `no namespace ${regionId}`)
}
