/** OS-AGENCY: agencies of an account ("Agency management"). Its Security Administrator manages them, nobody else. */
import { missing, refuse } from '../../../core/refusal.ts'
import {
  type AgencyRecord,
  findAgency,
  insertAgency,
  isTrustAgency,
  listAgencies,
  updateAgency,
} from '../../../store/agencies.ts'
import { newId } from '../../../store/ids.ts'
import { removeAgencies } from '../../../store/removal.ts'
import { findDomainScope } from '../../../store/scopes.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { accountOf, administers, demandAdministrator } from '../access.ts'
import { type Call, change, numberedPage, one, operation } from '../operation.ts'
import { agencyBody, CreateAgencyBody, durationHours, guardsFrom, UpdateAgencyBody } from './agency-body.ts'

/** An agency token, and temporary keys of it, live 24 hours at the most. */
const MOST_SESSION_SECONDS = 86_400
const MOST_PER_PAGE = 500

const path = '/v3.0/OS-AGENCY/agencies/:agency_id'
const agencyId = ({ params }: Pick<Call, 'params'>): string => params['agency_id'] ?? ''

/** The caller's own, or another account's for the cloud's admin; what is neither is not there. */
export async function ownAgency(
  db: Db,
  call: Pick<Call, 'caller' | 'params'>,
  action: string,
): Promise<AgencyRecord> {
  const agency = await findAgency(db, { id: agencyId(call) })
  if (agency?.kind === 'agency' && administers(call.caller, agency.domain.id)) return agency
  demandAdministrator(call.caller, accountOf(call.caller), action)
  return missing('agency', agencyId(call))
}

/** Of those that trust an account: one that trusts by a policy is the v5 API's to show and to change. */
async function classicAgency(
  db: Db,
  call: Pick<Call, 'caller' | 'params'>,
  action: string,
): Promise<AgencyRecord> {
  const agency = await ownAgency(db, call, action)
  return isTrustAgency(agency) ? missing('agency', agency.id) : agency
}

interface Trusted {
  readonly trust_domain_id?: string | null
  readonly trust_domain_name?: string | null
}

/** The account to trust; the name wins over the id. undefined: neither was sent. Refuses one that is not there. */
async function trustedAccount(db: Db, sent: Trusted): Promise<string | undefined> {
  const { trust_domain_id: id, trust_domain_name: name } = sent
  if (!name && !id) return undefined
  const domain = await findDomainScope(db, name ? { name } : { id: id ?? '' })
  return domain?.id ?? missing('domain', name || id || '')
}

const expiry = (now: number, hours: number | null): number | null =>
  hours === null ? null : now + hours * 3600e6

const list = operation({
  id: 'listAgencies',
  method: 'GET',
  path: '/v3.0/OS-AGENCY/agencies',
  policy: 'authenticated',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async ({ ctx, caller, query }) => {
    const domainId = one(query, 'domain_id') || accountOf(caller)
    demandAdministrator(caller, domainId, 'iam:agencies:listAgencies')
    const filter = {
      domainId,
      kind: 'agency' as const,
      byPolicy: false,
      name: one(query, 'name') || undefined,
      trustDomainId: one(query, 'trust_domain_id') || undefined,
    }
    const agencies = await listAgencies(ctx.store.db, filter, numberedPage(query, MOST_PER_PAGE))
    return { body: { agencies: agencies.map((agency) => agencyBody(agency, { names: true })) } }
  },
})

const create = operation({
  id: 'createAgency',
  method: 'POST',
  path: '/v3.0/OS-AGENCY/agencies',
  policy: 'authenticated',
  body: CreateAgencyBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    const sent = call.body.agency
    demandAdministrator(call.caller, sent.domain_id, 'iam:agencies:createAgency')
    const hours = durationHours(sent.duration)
    const id = newId()
    const now = call.ctx.now()
    const agency = await change(call, `agency:${id}`, async (tx) => {
      if (!(await findDomainScope(tx, { id: sent.domain_id }))) missing('domain', sent.domain_id)
      const trustDomainId = await trustedAccount(tx, sent)
      if (trustDomainId === undefined) {
        return refuse('bad_request', 'nobody to trust', {
          message: "'trust_domain_id' or 'trust_domain_name' is required.",
        })
      }
      await insertAgency(tx, {
        id,
        domainId: sent.domain_id,
        kind: 'agency',
        name: sent.name,
        description: sent.description ?? '',
        trustDomainId,
        trustPolicy: null,
        durationHours: hours,
        expiresAt: expiry(now, hours),
        maxSessionSeconds: MOST_SESSION_SECONDS,
        ...guardsFrom(sent, { externalId: null, guards: {} }),
        extra: {},
        createdAt: now,
      }).catch(nameTaken(sent.name))
      return findAgency(tx, { id })
    })
    return {
      body: { agency: agencyBody(agency ?? refuse('internal', 'a new agency is gone'), { names: false }) },
    }
  },
})

export function nameTaken(name: string) {
  return (error: unknown): never => {
    if (!isUniqueViolation(error)) throw error
    return refuse('conflict', `agency ${name} exists`, {
      message: `Conflict occurred attempting to store agency - Duplicate entry found with name ${name}.`,
    })
  }
}

const show = operation({
  id: 'showAgency',
  method: 'GET',
  path,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const agency = await classicAgency(call.ctx.store.db, call, 'iam:agencies:getAgency')
    return { body: { agency: agencyBody(agency, { names: true }) } }
  },
})

const update = operation({
  id: 'updateAgency',
  method: 'PUT',
  path,
  policy: 'authenticated',
  body: UpdateAgencyBody,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const sent = call.body.agency
    const agency = await change(call, `agency:${agencyId(call)}`, async (tx) => {
      const before = await classicAgency(tx, call, 'iam:agencies:updateAgency')
      const trustDomainId = await trustedAccount(tx, sent)
      const hours = sent.duration === undefined ? undefined : durationHours(sent.duration)
      await updateAgency(tx, before.id, {
        ...guardsFrom(sent, before),
        ...(sent.description === undefined ? {} : { description: sent.description }),
        ...(trustDomainId === undefined ? {} : { trustDomainId }),
        ...(hours === undefined ? {} : { durationHours: hours, expiresAt: expiry(call.ctx.now(), hours) }),
      })
      return classicAgency(tx, call, 'iam:agencies:updateAgency')
    })
    return { body: { agency: agencyBody(agency, { names: false }) } }
  },
})

const remove = operation({
  id: 'deleteAgency',
  method: 'DELETE',
  path,
  policy: 'authenticated',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    await change(call, `agency:${agencyId(call)}`, async (tx) => {
      const { id } = await classicAgency(tx, call, 'iam:agencies:deleteAgency')
      await removeAgencies(tx, [id])
    })
    return {}
  },
})

export const agencyOperations = [list, create, show, update, remove]
