/** Tags of a project: short words to find it by. Compared exactly, case included. */
import { type Static, Type } from 'typebox'
import { found, missing, refuse } from '../../../core/refusal.ts'
import { findProject, holdProject, type Project, updateProject } from '../../../store/projects.ts'
import { type Call, change, operation } from '../operation.ts'
import { projectTarget, Tags } from './project-body.ts'
import { demandMutableTags } from './project-rules.ts'

const MOST = 80
const LONGEST = 255

const Body = Type.Object({ tags: Tags })

const idOf = (call: Pick<Call, 'params'>): string => call.params['project_id'] ?? ''
const tagOf = (call: Pick<Call, 'params'>): string => call.params['value'] ?? ''
const load = (call: Pick<Call, 'ctx' | 'params'>) => findProject(call.ctx.store.db, idOf(call))

/** Keystone links tags to the API's root, whatever the path was. */
function tagsFields(call: Call<unknown>, tags: readonly string[]) {
  const { url, path, baseUrl } = call
  return { links: { self: `${baseUrl}/v3${url.slice(path.length)}` }, tags }
}

const listTags = operation({
  id: 'list_project_tags',
  method: 'GET',
  path: '/v3/projects/:project_id/tags',
  policy: 'identity:list_project_tags',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  target: projectTarget,
  handle: async (call, project) => ({
    body: tagsFields(call, found(project, 'project', idOf(call)).tags),
  }),
})

const replaceTags = operation({
  id: 'update_project_tags',
  method: 'PUT',
  path: '/v3/projects/:project_id/tags',
  policy: 'identity:update_project_tags',
  body: Body,
  bodyFaults: 'after-policy',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  load,
  target: projectTarget,
  handle: async (call: Call<Static<typeof Body>>) => {
    const tags = [...new Set(call.body.tags.map((tag) => tag.trim()))]
    if (tags.includes('')) invalid('a tag of nothing')
    await changeTags(call, 'update', () => tags)
    return { body: tagsFields(call, tags) }
  },
})

const deleteTags = operation({
  id: 'delete_project_tags',
  method: 'DELETE',
  path: '/v3/projects/:project_id/tags',
  policy: 'identity:delete_project_tags',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  target: projectTarget,
  handle: async (call) => {
    await changeTags(call, 'update', () => [])
    return {}
  },
})

const checkTag = operation({
  id: 'get_project_tag',
  method: 'GET',
  path: '/v3/projects/:project_id/tags/:value',
  policy: 'identity:get_project_tag',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  target: projectTarget,
  handle: async (call, project) => {
    demandTag(found(project, 'project', idOf(call)), tagOf(call))
    return {}
  },
})

const createTag = operation({
  id: 'create_project_tag',
  method: 'PUT',
  path: '/v3/projects/:project_id/tags/:value',
  policy: 'identity:create_project_tag',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  load,
  target: projectTarget,
  handle: async (call) => {
    const value = tagOf(call)
    demandTagText(value)
    const id = idOf(call)
    await changeTags(call, 'create', ({ tags }) => {
      if (tags.includes(value)) invalid(`${JSON.stringify([...tags, value])} has non-unique elements`)
      if (tags.length >= MOST) invalid(`a project takes ${MOST} tags at the most`)
      return [...tags, value.trim()]
    })
    // The address that Keystone gives; the tag itself answers at this request's own.
    const location = `${call.baseUrl}/v3/${id}/tags/${encodeURIComponent(value)}`
    return { headers: { location, 'content-type': 'text/html; charset=utf-8' } }
  },
})

const deleteTag = operation({
  id: 'delete_project_tag',
  method: 'DELETE',
  path: '/v3/projects/:project_id/tags/:value',
  policy: 'identity:delete_project_tag',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  target: projectTarget,
  handle: async (call) => {
    const value = tagOf(call)
    await changeTags(call, 'delete', (project) => {
      demandTag(project, value)
      return project.tags.filter((tag) => tag !== value)
    })
    return {}
  },
})

/** Gives a project the tags that `next` makes of it. `verb` is what an immutable one refuses. */
async function changeTags(
  call: Call<unknown>,
  verb: 'create' | 'update' | 'delete',
  next: (project: Project) => readonly string[],
): Promise<void> {
  const id = idOf(call)
  await change(call, `project:${id}`, async (tx) => {
    const project = found(await holdProject(tx, id), 'project', id)
    demandMutableTags(project, verb)
    await updateProject(tx, id, { tags: next(project) })
  })
}

function demandTag(project: Project, value: string): void {
  if (!project.tags.includes(value)) missing('project tag', value)
}

function demandTagText(value: string): void {
  if (/[,/]/.test(value)) invalid(`'${value}' does not match '^[^,/]*$'`)
  if ([...value].length > LONGEST) invalid(`'${value.slice(0, 80)}...' is too long`)
  if (value.trim() === '') invalid('a tag of nothing')
}

function invalid(message: string): never {
  return refuse('bad_request', message, { message })
}

export const tagOperations = [listTags, replaceTags, deleteTags, checkTag, createTag, deleteTag]
