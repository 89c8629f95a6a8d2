/** What a domain's configuration may hold, and which change of it makes sense. Keystone calls every breach a 403. */
import { refuse } from '../../../core/refusal.ts'
import type { ConfigPart } from '../../../store/domain-config.ts'
import { isGroup, isOption } from './options.ts'

/** group -> option -> value */
export type Config = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export function unsupported(reason: string): never {
  const message = `Invalid domain specific configuration: ${reason}.`
  return refuse('forbidden', message, { message })
}

export function demandKnown({ group, option }: ConfigPart): void {
  if (group === undefined) return
  if (!isGroup(group)) unsupported(`Group ${group} is not supported for domain specific configurations`)
  if (option !== undefined && !isOption(group, option)) {
    unsupported(`Option ${option} in group ${group} is not supported for domain specific configurations`)
  }
}

/** `value` as a configuration: something, in groups that are objects, and nothing but options that are known. */
export function configFrom(value: unknown): Config {
  if (isNothing(value)) return unsupported('No options specified')
  if (!isObject(value)) {
    return refuse('bad_request', 'config is no object', { message: 'config must be an object' })
  }
  for (const [group, options] of Object.entries(value)) {
    if (!isObject(options) || Object.keys(options).length === 0) {
      unsupported(`The value of group ${group} specified in the config should be a dictionary of options`)
    }
    for (const option of Object.keys(options as object)) demandKnown({ group, option })
  }
  return value as Config
}

/** What Python takes for nothing. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A change of one group or option brings that one and nothing else. */
export function demandOnlyPart(config: Config, { group, option }: ConfigPart): void {
  if (group === undefined) return
  const groups = Object.keys(config)
  const options = Object.keys(config[group] ?? {})
  if (groups.length !== 1 || (option !== undefined && options.length > 1)) {
    unsupported(
      option === undefined
        ? `Trying to update group ${group}, so that, and only that, group must be specified in the config`
        : `Trying to update option ${option} in group ${group}, so that, and only that, option must be specified  in the config`,
    )
  }
  if (!Object.hasOwn(config, group)) {
    unsupported(`request to update group ${group}, but config provided contains group ${groups[0]} instead`)
  }
  if (option !== undefined && options[0] !== option) {
    unsupported(
      `Trying to update option ${option} in group ${group}, but config provided contains option ${options[0]} instead`,
    )
  }
}

/** Refuses with `not_found`, in Keystone's words for the part that is not there. */
export function noSuchPart(domainId: string, { group, option }: ConfigPart): never {
  const what =
    group === undefined
      ? 'any options'
      : option === undefined
        ? `group ${group}`
        : `option ${option} in group ${group}`
  const message = `Could not find ${what} in domain configuration for domain ${domainId}.`
  return refuse('not_found', message, { message })
}
