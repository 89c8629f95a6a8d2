/**
 * Agencies by the v5 API: those that trust by a policy ("trust agencies") are made here, and both kinds are listed and
 * removed. A trust agency is assumed by `POST /v5/agencies/assume` alone.
 */
import { Type } from 'typebox'
import { HUAWEI_TRUST, parseTrustPolicy } from '../../../core/policy/statements/trust.ts'
import { refuse } from '../../../core/refusal.ts'
import { agencyUrn } from '../../../flows/agency-trust.ts'
import {
  type AgencyChanges,
  type AgencyRecord,
  agencyPath,
  findAgency,
  insertAgency,
  isTrustAgency,
  listAgencies,
  updateAgency,
} from '../../../store/agencies.ts'
import { newId } from '../../../store/ids.ts'
import { removeAgencies } from '../../../store/removal.ts'
import type { Db } from '../../../store/store.ts'
import { accountOf, demandAdministrator } from '../access.ts'
import { nameTaken, ownAgency } from '../agencies/agencies.ts'
import { type Call, change, one, operation } from '../operation.ts'
import { zonedTime } from '../time.ts'
import { documentFrom } from './document-text.ts'
import { markedPage } from './paging.ts'

const DEFAULT_SECONDS = 3600
const MOST_SECONDS = 43_200

const path = '/v5/agencies/:agency_id'
const audited = ({ params }: Pick<Call, 'params'>): string => `agency:${params['agency_id']}`

export const Path = Type.String({ maxLength: 512, pattern: '^([A-Za-z0-9.,+@=_-]+/)*$' })
const Description = Type.String({ maxLength: 1000, pattern: '^[^@#$%^&*<>\\\\]*$' })
const Seconds = Type.Integer({ minimum: DEFAULT_SECONDS, maximum: MOST_SECONDS })

const trustFrom = (text: string): unknown =>
  documentFrom(text, (document) => parseTrustPolicy(document, HUAWEI_TRUST))

function shown(agency: AgencyRecord): Record<string, unknown> {
  return {
    urn: agencyUrn(agency),
    ...(isTrustAgency(agency)
      ? { trust_policy: JSON.stringify(agency.trustPolicy) }
      : { trust_domain_id: agency.trustDomainId, trust_domain_name: agency.trustDomainName }),
    created_at: zonedTime(agency.createdAt),
    description: agency.description,
    max_session_duration: Math.min(agency.maxSessionSeconds, MOST_SECONDS),
    path: agencyPath(agency),
    agency_id: agency.id,
    agency_name: agency.name,
  }
}

const list = operation({
  id: 'listAgenciesV5',
  method: 'GET',
  path: '/v5/agencies',
  policy: 'authenticated',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async ({ ctx, caller, query }) => {
    const domainId = accountOf(caller)
    demandAdministrator(caller, domainId, 'iam:agencies:listV5')
    const prefix = one(query, 'path_prefix') ?? ''
    const all = await listAgencies(ctx.store.db, { domainId, kind: 'agency' })
    const meant = all.filter((agency) => agencyPath(agency).startsWith(prefix))
    const { page, page_info } = markedPage(query, meant, ({ id }) => id)
    return { body: { agencies: page.map(shown), page_info } }
  },
})

const create = operation({
  id: 'createAgencyV5',
  method: 'POST',
  path: '/v5/agencies',
  policy: 'authenticated',
  body: Type.Object({
    agency_name: Type.String({ pattern: '^[A-Za-z0-9_+=,.@-]{1,64}$' }),
    path: Type.Optional(Path),
    trust_policy: Type.String(),
    max_session_duration: Type.Optional(Seconds),
    description: Type.Optional(Description),
  }),
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'conflict'],
  handle: async (call) => {
    const { body, ctx } = call
    const domainId = accountOf(call.caller)
    demandAdministrator(call.caller, domainId, 'iam:agencies:createV5')
    const id = newId()
    const agency = await change(call, `agency:${id}`, async (tx) => {
      await insertAgency(tx, {
        id,
        domainId,
        kind: 'agency',
        name: body.agency_name,
        description: body.description ?? '',
        trustDomainId: null,
        trustPolicy: trustFrom(body.trust_policy),
        durationHours: null,
        expiresAt: null,
        maxSessionSeconds: body.max_session_duration ?? DEFAULT_SECONDS,
        externalId: null,
        guards: {},
        extra: { path: body.path ?? '' },
        createdAt: ctx.now(),
      }).catch(nameTaken(body.agency_name))
      return findAgency(tx, { id })
    })
    return { body: { agency: shown(agency ?? refuse('internal', 'a new agency is gone')) } }
  },
})

const show = operation({
  id: 'getAgencyV5',
  method: 'GET',
  path,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const agency = await ownAgency(call.ctx.store.db, call, 'iam:agencies:getV5')
    return { body: { agency: { ...shown(agency), tags: [] } } }
  },
})

/** One that trusts an account by its id is changed by OS-AGENCY. */
async function trustAgency(db: Db, call: Call, action: string): Promise<AgencyRecord> {
  const agency = await ownAgency(db, call, action)
  if (isTrustAgency(agency)) return agency
  const message = 'The agency is not a trust agency.'
  return refuse('conflict', `${agency.id} trusts an account`, { message })
}

async function changeAgency(call: Call, action: string, changes: AgencyChanges): Promise<void> {
  await change(call, audited(call), async (tx) => {
    const { id } = await trustAgency(tx, call, action)
    await updateAgency(tx, id, changes)
  })
}

const update = operation({
  id: 'updateAgencyV5',
  method: 'PUT',
  path,
  policy: 'authenticated',
  body: Type.Object({
    max_session_duration: Type.Optional(Seconds),
    description: Type.Optional(Description),
  }),
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    const { max_session_duration: seconds, description } = call.body
    await changeAgency(call, 'iam:agencies:updateV5', {
      ...(seconds === undefined ? {} : { maxSessionSeconds: seconds }),
      ...(description === undefined ? {} : { description }),
    })
    return {}
  },
})

const updateTrust = operation({
  id: 'updateTrustPolicyV5',
  method: 'PUT',
  path: `${path}/trust-policy`,
  policy: 'authenticated',
  body: Type.Object({ trust_policy: Type.String() }),
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    const trustPolicy = trustFrom(call.body.trust_policy)
    await changeAgency(call, 'iam:agencies:updateTrustPolicyV5', { trustPolicy })
    return {}
  },
})

const remove = operation({
  id: 'deleteAgencyV5',
  method: 'DELETE',
  path,
  policy: 'authenticated',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    await change(call, audited(call), async (tx) => {
      const { id } = await ownAgency(tx, call, 'iam:agencies:deleteV5')
      await removeAgencies(tx, [id])
    })
    return {}
  },
})

export const trustAgencyOperations = [list, create, show, update, updateTrust, remove]
