/** Projects on the wire: what a body may hold, how a project is shown, and what policy rules see of one. */
import { Type } from 'typebox'
import type { Incoming, PolicyTarget } from '../../../http/operation.ts'
import type { Project } from '../../../store/projects.ts'
import { selfLink } from '../collection.ts'

const nullable = <T>(type: string, rest: object = {}) =>
  Type.Unsafe<T | null>({ type: [type, 'null'], ...rest })

export const Name = Type.String({ minLength: 1, maxLength: 64, pattern: '\\S' })
export const Tag = Type.String({ minLength: 1, maxLength: 255, pattern: '^[^,/]*$' })
export const MOST_TAGS = 80
export const Tags = Type.Array(Tag, { maxItems: MOST_TAGS, uniqueItems: true })
export const Description = nullable<string>('string')
const ProjectId = nullable<string>('string', { minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9-]+$' })
const Options = Type.Object(
  { immutable: Type.Optional(nullable<boolean>('boolean')) },
  { additionalProperties: false },
)

/** What create and update share; any other attribute is kept as it comes. */
export const projectAttributes = {
  description: Type.Optional(Description),
  domain_id: Type.Optional(ProjectId),
  enabled: Type.Optional(Type.Boolean()),
  is_domain: Type.Optional(Type.Boolean()),
  parent_id: Type.Optional(ProjectId),
  tags: Type.Optional(Tags),
  options: Type.Optional(Options),
}

const KNOWN = new Set([
  ...['id', 'name', 'description', 'domain_id', 'enabled', 'is_domain', 'parent_id', 'tags', 'options'],
  // Written by the server into its answers; nobody else's to set.
  ...['extra', 'links'],
])

/** The attributes of a body that are not Keystone's own. */
export function extraOf(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !KNOWN.has(name)))
}

/** The options of a body laid over `before`: null takes an option away, unknown ones are no options. */
export function optionsAfter(
  before: Readonly<Record<string, unknown>>,
  given: { readonly immutable?: boolean | null } = {},
): Record<string, unknown> {
  const { immutable: old, ...rest } = before
  const immutable = given.immutable === undefined ? old : given.immutable
  return immutable === undefined || immutable === null ? rest : { ...rest, immutable }
}

/** `project` as it is shown everywhere, with `expansion` (parents, subtree ...) before its links. */
export function projectFields(incoming: Incoming, project: Project, expansion: object = {}) {
  return {
    ...project.extra,
    id: project.id,
    name: project.name,
    domain_id: project.domainId,
    description: project.description,
    enabled: project.enabled,
    parent_id: project.parentId,
    is_domain: project.isDomain,
    tags: project.tags,
    options: project.options,
    ...expansion,
    links: selfLink(incoming, `projects/${project.id}`),
  }
}

/**
 * A project as the rules name it. A domain lies in no domain: the attribute is left out, so that it cannot be taken for
 * the missing domain of a caller (the confusion behind CVE-2026-80183).
 */
export function projectTarget(
  project: Project | undefined,
  call: { readonly params: Readonly<Record<string, string>> },
): PolicyTarget {
  const path = { project_id: call.params['project_id'] }
  if (!project) return path
  return {
    ...path,
    'target.project.id': project.id,
    'target.project.name': project.name,
    'target.project.enabled': project.enabled,
    'target.project.is_domain': project.isDomain,
    ...(project.domainId === null ? {} : { 'target.project.domain_id': project.domainId }),
    ...(project.parentId === null ? {} : { 'target.project.parent_id': project.parentId }),
  }
}
