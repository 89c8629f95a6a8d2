/** What holds where a domain says nothing: the defaults, and the rules for passwords that all domains share. */
import type { Settings } from '../../../settings.ts'
import { operation } from '../operation.ts'
import { demandKnown, unsupported } from './config-rules.ts'
import { defaultsOf, groupNames } from './options.ts'

const showDefaults = (id: string, path: string) =>
  operation({
    id,
    method: 'GET',
    path,
    policy: 'identity:get_domain_config_default',
    success: 200,
    refusals: ['unauthenticated', 'forbidden'],
    handle: async ({ params }) => {
      const { group, option } = params
      if (group === undefined) {
        return { body: { config: Object.fromEntries(groupNames.map((name) => [name, defaultsOf(name)])) } }
      }
      demandKnown({ group, ...(option === undefined ? {} : { option }) })
      const defaults = defaultsOf(group)
      if (option === undefined) return { body: { config: { [group]: defaults } } }
      if (!Object.hasOwn(defaults, option)) {
        return unsupported(`Reading the default for option ${option} in group ${group} is not supported`)
      }
      return { body: { config: { [option]: defaults[option] } } }
    },
  })

/** Any valid token may read what a password has to look like; of the default domain, where these rules are set. */
const showPasswordRules = (id: string, path: string) =>
  operation({
    id,
    method: 'GET',
    path,
    policy: 'identity:get_security_compliance_domain_config',
    success: 200,
    refusals: ['unauthenticated', 'forbidden'],
    handle: async ({ ctx, params }) => {
      const { domain_id, option } = params
      if (domain_id !== ctx.settings.defaultDomain) {
        return unsupported(
          'Reading security compliance information for any domain other than the default domain is not allowed or supported.',
        )
      }
      const rules = passwordRules(ctx.settings)
      if (option === undefined) return { body: { config: { security_compliance: rules } } }
      if (!Object.hasOwn(rules, option)) {
        return unsupported(
          'Reading security compliance values other than password_regex and password_regex_description is not allowed.',
        )
      }
      return { body: { config: { [option]: rules[option] } } }
    },
  })

function passwordRules(settings: Settings): Readonly<Record<string, string | null>> {
  return {
    password_regex: settings.passwordRegex ?? null,
    password_regex_description: settings.passwordRegexDescription ?? null,
  }
}

const RULES = '/v3/domains/:domain_id/config/security_compliance'

export const defaultConfigOperations = [
  showDefaults('get_domain_config_default', '/v3/domains/config/default'),
  showDefaults('get_domain_config_default_group', '/v3/domains/config/:group/default'),
  showDefaults('get_domain_config_default_option', '/v3/domains/config/:group/:option/default'),
  showPasswordRules('get_security_compliance', RULES),
  showPasswordRules('get_security_compliance_option', `${RULES}/:option`),
]
