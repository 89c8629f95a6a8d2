/**
 * `POST /v3/OS-FEDERATION/mappings/{id}`: what the mapping would make of an assertion. Keystone has only a program for it
 * (`keystone-manage mapping_engine`), which runs where the server does.
 */
import { Type } from 'typebox'
import { found } from '../../../core/refusal.ts'
import { findPreviewedGroups, previewMapping } from '../../../flows/mapping-preview.ts'
import { findIdentityProvider } from '../../../store/identity-providers.ts'
import { findMapping } from '../../../store/mappings.ts'
import { operation } from '../operation.ts'
import { mappingTarget } from './mappings.ts'

const Value = Type.Union([
  Type.String({ maxLength: 16_384 }),
  Type.Array(Type.String({ maxLength: 16_384 }), { maxItems: 1024 }),
])
const provider = { identity_provider: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })) }
const Body = Type.Union([
  Type.Object({ ...provider, assertion: Type.Record(Type.String(), Value) }, { additionalProperties: false }),
  Type.Object(
    { ...provider, claims: Type.Record(Type.String(), Type.Unknown()) },
    { additionalProperties: false },
  ),
])

/** `identity_provider` says whose domain groups without one are in. */
export const previewOperation = operation({
  id: 'preview_mapping',
  method: 'POST',
  path: '/v3/OS-FEDERATION/mappings/:mapping_id',
  policy: 'identity:update_mapping',
  body: Body,
  bodyFaults: 'after-policy',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  load: ({ ctx, params }) => findMapping(ctx.store.db, params['mapping_id'] ?? ''),
  target: mappingTarget,
  handle: async (call, loaded) => {
    const { ctx, params, body } = call
    const mapping = found(loaded, 'mapping', params['mapping_id'] ?? '')
    const idpId = body.identity_provider
    const idp =
      idpId === undefined
        ? undefined
        : found(await findIdentityProvider(ctx.store.db, idpId), 'Identity Provider', idpId)
    const preview = previewMapping(mapping, body)
    const groups = await findPreviewedGroups(ctx.store.db, preview, mapping.domainId ?? idp?.domainId)
    const isGone = groups.missing.some((group) => typeof group === 'string')
    return {
      body: {
        preview: {
          ...preview,
          ...(isGone ? { admitted: false, reason: 'a group by id that is not here' } : {}),
          groups: groups.found.map(({ id, name, domainId }) => ({ id, name, domain_id: domainId })),
          missing_groups: groups.missing,
        },
      },
    }
  },
})
