/**
 * Configuration of single domains (Identity API v3, "Domain configuration"). It is kept for who manages it through the
 * API; users of every domain are this server's own, so nothing here connects anywhere. Secret options are sealed under
 * the root key and never shown.
 */
import { Type } from 'typebox'
import { found } from '../../../core/refusal.ts'
import {
  type ConfigPart,
  type DomainOption,
  deleteDomainOptions,
  listDomainOptions,
  putDomainOptions,
} from '../../../store/domain-config.ts'
import { findDomain } from '../../../store/domains.ts'
import { holdProject } from '../../../store/projects.ts'
import type { Db } from '../../../store/store.ts'
import { type Call, change, operation } from '../operation.ts'
import { type Config, configFrom, demandKnown, demandOnlyPart, noSuchPart } from './config-rules.ts'
import { isSecret } from './options.ts'

const Body = Type.Object({ config: Type.Optional(Type.Unknown()) })

const idOf = (call: Pick<Call, 'params'>): string => call.params['domain_id'] ?? ''

function partOf({ params }: Pick<Call, 'params'>): ConfigPart {
  const { group, option } = params
  return { ...(group === undefined ? {} : { group }), ...(option === undefined ? {} : { option }) }
}

/** Holds the domain for the rest of the transaction; refuses when there is none. */
async function holdDomain(tx: Db, id: string): Promise<void> {
  const project = await holdProject(tx, id)
  found(project?.isDomain ? project : undefined, 'domain', id)
}

/** Keystone tells that there is no such domain before it looks at what should be done to it. */
const demandDomain = async (call: Pick<Call, 'ctx' | 'params'>): Promise<void> => {
  found(await findDomain(call.ctx.store.db, idOf(call)), 'domain', idOf(call))
}

/** The options that may be shown, in groups; one option alone without its group. */
function shown(options: readonly DomainOption[], part: ConfigPart = {}): Record<string, unknown> {
  const config: Record<string, Record<string, unknown>> = {}
  for (const { group, option, value } of options) {
    if (isSecret(group, option)) continue
    config[group] = { ...config[group], [option]: JSON.parse(value) as unknown }
  }
  return part.option === undefined ? config : (config[part.group ?? ''] ?? {})
}

function stored(call: Pick<Call, 'ctx' | 'params'>, config: Config): DomainOption[] {
  const domainId = idOf(call)
  return Object.entries(config).flatMap(([group, options]) =>
    Object.entries(options).map(([option, value]) => {
      const text = JSON.stringify(value)
      const purpose = `domain_config:${domainId}:${group}:${option}`
      return { group, option, value: isSecret(group, option) ? call.ctx.keys.seal(text, purpose) : text }
    }),
  )
}

const show = (id: string, path: string) =>
  operation({
    id,
    method: 'GET',
    path,
    policy: 'identity:get_domain_config',
    success: 200,
    refusals: ['unauthenticated', 'forbidden', 'not_found'],
    handle: async (call) => {
      const part = partOf(call)
      demandKnown(part)
      const options = await listDomainOptions(call.ctx.store.db, idOf(call), part)
      const config = shown(options, part)
      return Object.keys(config).length === 0 ? noSuchPart(idOf(call), part) : { body: { config } }
    },
  })

/** Replaces the whole configuration: 201 when there was none. */
const create = operation({
  id: 'create_domain_config',
  method: 'PUT',
  path: '/v3/domains/:domain_id/config',
  policy: 'identity:create_domain_config',
  body: Body,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = idOf(call)
    await demandDomain(call)
    const options = stored(call, configFrom(call.body.config))
    const before = await change(call, `domain:${id}`, async (tx) => {
      await holdDomain(tx, id)
      const old = await listDomainOptions(tx, id)
      await deleteDomainOptions(tx, id)
      await putDomainOptions(tx, id, options)
      return old
    })
    return { status: before.length === 0 ? 201 : 200, body: { config: shown(options) } }
  },
})

/** Merges into the configuration. A group or option named in the path must be there already. */
const update = (id: string, path: string) =>
  operation({
    id,
    method: 'PATCH',
    path,
    policy: 'identity:update_domain_config',
    body: Body,
    success: 200,
    refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
    handle: async (call) => {
      const domainId = idOf(call)
      const part = partOf(call)
      await demandDomain(call)
      const given = call.body.config
      const config = configFrom(part.option === undefined ? given : { [part.group ?? '']: given ?? {} })
      demandKnown(part)
      demandOnlyPart(config, part)
      const after = await change(call, `domain:${domainId}`, async (tx) => {
        await holdDomain(tx, domainId)
        if (part.group !== undefined) await demandStored(tx, domainId, part)
        await putDomainOptions(tx, domainId, stored(call, config))
        return listDomainOptions(tx, domainId)
      })
      return { body: { config: shown(after) } }
    },
  })

const remove = (id: string, path: string) =>
  operation({
    id,
    method: 'DELETE',
    path,
    policy: 'identity:delete_domain_config',
    success: 204,
    refusals: ['unauthenticated', 'forbidden', 'not_found'],
    handle: async (call) => {
      const domainId = idOf(call)
      const part = partOf(call)
      await demandDomain(call)
      demandKnown(part)
      await change(call, `domain:${domainId}`, async (tx) => {
        await holdDomain(tx, domainId)
        if (part.group !== undefined) {
          await demandStored(tx, domainId, { group: part.group })
          await demandStored(tx, domainId, part)
        }
        await deleteDomainOptions(tx, domainId, part)
      })
      return {}
    },
  })

async function demandStored(tx: Db, domainId: string, part: ConfigPart): Promise<void> {
  const options = await listDomainOptions(tx, domainId, part)
  if (options.length === 0) noSuchPart(domainId, part)
}

const WHOLE = '/v3/domains/:domain_id/config'
const GROUP = `${WHOLE}/:group`
const OPTION = `${GROUP}/:option`

export const storedConfigOperations = [
  create,
  show('get_domain_config', WHOLE),
  show('get_domain_config_group', GROUP),
  show('get_domain_config_option', OPTION),
  update('update_domain_config', WHOLE),
  update('update_domain_config_group', GROUP),
  update('update_domain_config_option', OPTION),
  remove('delete_domain_config', WHOLE),
  remove('delete_domain_config_group', GROUP),
  remove('delete_domain_config_option', OPTION),
]
