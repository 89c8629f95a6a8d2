/**
 * Domains (Identity API v3, "Domains"): what users, groups and projects live in. A domain is a project that acts as one,
 * so `../projects` shows and changes the same rows; its configuration is in `../domain-config`.
 */
import { Type } from 'typebox'
import { found, refuse } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'
import { findDomain, listDomains as listStored } from '../../../store/domains.ts'
import { newId } from '../../../store/ids.ts'
import { holdProject, type Project } from '../../../store/projects.ts'
import { collection, filtersFrom, pageFrom, selfLink } from '../collection.ts'
import { type Call, change, operation, renaming } from '../operation.ts'
import { storeNew } from '../projects/create-project.ts'
import { deleteWholeDomain } from '../projects/delete-project.ts'
import { Description, extraOf, Name, optionsAfter, Tags } from '../projects/project-body.ts'
import { demandFreeDomainName, demandMutable, isImmutable } from '../projects/project-rules.ts'
import { applyWished } from '../projects/update-project.ts'

const attributes = {
  description: Type.Optional(Description),
  enabled: Type.Optional(Type.Boolean()),
  tags: Type.Optional(Tags),
  // Keystone's schema says nothing of options here: those it does not know are passed over.
  options: Type.Optional(
    Type.Object({ immutable: Type.Optional(Type.Unsafe<boolean | null>({ type: ['boolean', 'null'] })) }),
  ),
}
const Created = Type.Object({
  domain: Type.Object(
    { ...attributes, name: Name, explicit_domain_id: Type.Optional(Type.Unknown()) },
    { additionalProperties: true },
  ),
})
const Updated = Type.Object({
  domain: Type.Object(
    { ...attributes, name: Type.Optional(Name) },
    { additionalProperties: true, minProperties: 1 },
  ),
})

/** `domain` as it is shown everywhere. */
export function domainFields(incoming: Incoming, domain: Project) {
  return {
    ...domain.extra,
    id: domain.id,
    name: domain.name,
    description: domain.description,
    enabled: domain.enabled,
    tags: domain.tags,
    options: domain.options,
    links: selfLink(incoming, `domains/${domain.id}`),
  }
}

function domainTarget(domain: Project | undefined, call: Pick<Call, 'params'>) {
  const path = { domain_id: call.params['domain_id'] }
  return domain ? { ...path, 'target.domain.id': domain.id, 'target.domain.name': domain.name } : path
}

const idOf = (call: Pick<Call, 'params'>): string => call.params['domain_id'] ?? ''

/**
 * Who changes or removes a domain is told that there is none before it is asked whether they may, as Keystone does
 * (ids of domains are no secret: they stand in every token).
 */
const loadOrMiss = async (call: Pick<Call, 'ctx' | 'params'>): Promise<Project> =>
  found(await findDomain(call.ctx.store.db, idOf(call)), 'domain', idOf(call))

const listDomains = operation({
  id: 'list_domains',
  method: 'GET',
  path: '/v3/domains',
  policy: 'identity:list_domains',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const filters = filtersFrom(call.query, {
      name: { column: 'project.name' },
      enabled: { column: 'project.enabled', boolean: true },
    })
    const { items, next } = await listStored(call.ctx.store.db, filters, pageFrom(call.query))
    const members = items.map((domain) => domainFields(call, domain))
    return { body: collection(call, 'domains', members, next) }
  },
})

/** `explicit_domain_id` chooses the id: 32 lower-case hex digits. It stays an attribute of the domain. */
const createDomain = operation({
  id: 'create_domain',
  method: 'POST',
  path: '/v3/domains',
  policy: 'identity:create_domain',
  body: Created,
  bodyFaults: 'after-policy',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'conflict'],
  handle: async (call) => {
    const wished = call.body.domain
    const domain: Project = {
      id: chosenId(wished.explicit_domain_id),
      name: wished.name.trim(),
      domainId: null,
      parentId: null,
      isDomain: true,
      description: wished.description === undefined ? '' : wished.description,
      enabled: wished.enabled ?? true,
      tags: wished.tags ?? [],
      options: optionsAfter({}, wished.options),
      extra: extraOf(wished),
    }
    demandFreeDomainName(domain.name)
    await change(call, `domain:${domain.id}`, (tx) => storeNew(tx, domain, call.ctx.now()))
    return { body: { domain: domainFields(call, domain) } }
  },
})

function chosenId(explicit: unknown): string {
  if (explicit === undefined || explicit === null) return newId()
  if (typeof explicit === 'string' && /^[0-9a-f]{32}$/.test(explicit)) return explicit
  const message = 'Domain ID does not conform to required UUID format.'
  return refuse('bad_request', 'explicit_domain_id', { message })
}

const showDomain = operation({
  id: 'get_domain',
  method: 'GET',
  path: '/v3/domains/:domain_id',
  policy: 'identity:get_domain',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load: (call) => findDomain(call.ctx.store.db, idOf(call)),
  target: domainTarget,
  handle: async (call, loaded) => ({
    body: { domain: domainFields(call, found(loaded, 'domain', idOf(call))) },
  }),
})

/** An immutable domain is made mutable through `PATCH /v3/projects/{id}`; here Keystone refuses every change. */
const updateDomain = operation({
  id: 'update_domain',
  ...renaming,
  path: '/v3/domains/:domain_id',
  policy: 'identity:update_domain',
  body: Updated,
  load: loadOrMiss,
  target: domainTarget,
  handle: async (call) => {
    const id = idOf(call)
    const wished = call.body.domain
    const domain = await change(call, `domain:${id}`, async (tx) => {
      const before = found(await holdProject(tx, id), 'domain', id)
      if (isImmutable(before)) demandMutable(before, {})
      return applyWished(tx, before, wished, call.ctx.now())
    })
    return { body: { domain: domainFields(call, domain) } }
  },
})

/** Takes with it everything in the domain, in one transaction. */
const deleteDomain = operation({
  id: 'delete_domain',
  method: 'DELETE',
  path: '/v3/domains/:domain_id',
  policy: 'identity:delete_domain',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load: loadOrMiss,
  target: domainTarget,
  handle: async (call) => {
    const id = idOf(call)
    await change(call, `domain:${id}`, async (tx) => {
      const domain = found(await holdProject(tx, id), 'domain', id)
      await deleteWholeDomain(tx, domain, call.ctx)
    })
    return {}
  },
})

export const domainOperations = [listDomains, createDomain, showDomain, updateDomain, deleteDomain]
