import { type Static, Type } from 'typebox'
import { missing, Refusal } from '../../../core/refusal.ts'
import { newId } from '../../../store/ids.ts'
import { holdProject, insertProject, type Project, projectsAbove } from '../../../store/projects.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { type Call, change, operation } from '../operation.ts'
import { extraOf, Name, optionsAfter, projectAttributes, projectFields } from './project-body.ts'
import { demandFreeDomainName, demandPlace, demandRoot, nameTaken } from './project-rules.ts'

const Body = Type.Object({
  project: Type.Object({ ...projectAttributes, name: Name }, { additionalProperties: true }),
})

type Wished = Static<typeof Body>['project']

/**
 * `POST /v3/projects`. Without `domain_id` it goes into the domain of the caller's scope, else into the default domain;
 * without `parent_id` right under its domain. With `is_domain` it is a domain.
 */
export const createProject = operation({
  id: 'create_project',
  method: 'POST',
  path: '/v3/projects',
  policy: 'identity:create_project',
  body: Body,
  bodyFaults: 'after-policy',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'conflict'],
  target: (_facts, call) => {
    const wished: Wished | undefined = call.body?.project
    if (!wished) return {}
    return {
      'target.project.name': wished.name,
      'target.project.domain_id': wished.is_domain ? undefined : domainFor(call, wished),
      'target.project.parent_id': wished.parent_id ?? undefined,
      'target.project.is_domain': wished.is_domain ?? false,
    }
  },
  handle: async (call) => {
    const wished = call.body.project
    const id = newId()
    const project = await change(call, `project:${id}`, async (tx) => {
      const made = wished.is_domain ? rootProject(id, wished) : await childProject(tx, call, id, wished)
      await storeNew(tx, made, call.ctx.now())
      return made
    })
    return { body: { project: projectFields(call, project) } }
  },
})

function domainFor({ ctx, caller }: Pick<Call, 'ctx' | 'caller'>, wished: Wished): string {
  const scoped = caller.scope.kind === 'domain' ? caller.scope.domain.id : undefined
  return wished.domain_id ?? scoped ?? ctx.settings.defaultDomain
}

function attributesOf(id: string, wished: Wished) {
  return {
    id,
    name: wished.name.trim(),
    description: wished.description === undefined ? '' : wished.description,
    enabled: wished.enabled ?? true,
    tags: wished.tags ?? [],
    options: optionsAfter({}, wished.options),
    extra: extraOf(wished),
  }
}

function rootProject(id: string, wished: Wished): Project {
  demandFreeDomainName(wished.name)
  demandRoot({ parentId: wished.parent_id ?? null, domainId: wished.domain_id ?? null })
  return { ...attributesOf(id, wished), domainId: null, parentId: null, isDomain: true }
}

async function childProject(
  tx: Db,
  call: Pick<Call, 'ctx' | 'caller'>,
  id: string,
  wished: Wished,
): Promise<Project> {
  const domainId = domainFor(call, wished)
  const parentId = wished.parent_id ?? domainId
  try {
    const domain = await holdProject(tx, domainId)
    if (!domain?.isDomain) return missing('domain', domainId)
    const parent = parentId === domainId ? domain : await holdProject(tx, parentId)
    if (!parent) return missing('project', parentId)
    const above = await projectsAbove(tx, parent.id)
    demandPlace(domain, parent, above, call.ctx.settings.maxProjectTreeDepth)
  } catch (error) {
    throw asBadRequest(error)
  }
  return { ...attributesOf(id, wished), domainId, parentId, isDomain: false }
}

/** What a body names and is not there is a fault of the body. */
function asBadRequest(error: unknown): unknown {
  if (!(error instanceof Refusal) || error.code !== 'not_found') return error
  const { kind = '', id = '' } = error.detail.subject ?? {}
  return new Refusal('bad_request', error.reason, { message: `Could not find ${kind}: ${id}.` })
}

/** Writes a new project, or refuses with `conflict` when its name or id is taken. */
export async function storeNew(tx: Db, project: Project, now: number): Promise<void> {
  try {
    await insertProject(tx, project, now)
  } catch (error) {
    if (isUniqueViolation(error)) return nameTaken(project)
    throw error
  }
}
