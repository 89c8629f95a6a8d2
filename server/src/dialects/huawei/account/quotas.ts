/** OS-QUOTA: how much of everything an account has ("Quota management"). Nothing but the access keys of a user is limited. */
import { missing, refuse } from '../../../core/refusal.ts'
import { accountCounts, countSubProjects } from '../../../store/account-counts.ts'
import { findProject } from '../../../store/projects.ts'
import { demandAdministrator } from '../access.ts'
import { one, operation } from '../operation.ts'

/** No limit, as a number that every client reads. */
const UNLIMITED = 2 ** 31 - 1

const resource = (type: string, used: number) => ({ max: UNLIMITED, min: 0, quota: UNLIMITED, type, used })

const domainQuota = operation({
  id: 'showDomainQuota',
  method: 'GET',
  path: '/v3.0/OS-QUOTA/domains/:domain_id',
  policy: 'authenticated',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async ({ ctx, caller, params, query }) => {
    const domainId = params['domain_id'] ?? ''
    demandAdministrator(caller, domainId, 'iam:quotas:listQuotas')
    const counts = Object.entries(await accountCounts(ctx.store.db, domainId))
    const type = one(query, 'type')
    const wanted = counts.filter(([name]) => type === undefined || name === type)
    if (wanted.length === 0) {
      refuse('bad_request', `quota type ${type}`, {
        wireCode: 'IAM.0007',
        message: 'Request parameter type is invalid.',
      })
    }
    return { body: { quotas: { resources: wanted.map(([name, used]) => resource(name, used)) } } }
  },
})

const projectQuota = operation({
  id: 'showProjectQuota',
  method: 'GET',
  path: '/v3.0/OS-QUOTA/projects/:project_id',
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async ({ ctx, caller, params }) => {
    const id = params['project_id'] ?? ''
    const { db } = ctx.store
    const project = await findProject(db, id)
    // Another account's project and none are told alike.
    demandAdministrator(caller, project?.domainId ?? '', 'iam:quotas:listQuotasForProject')
    if (!project) return missing('project', id)
    return { body: { quotas: { resources: [resource('project', await countSubProjects(db, id))] } } }
  },
})

export const quotaOperations = [domainQuota, projectQuota]
