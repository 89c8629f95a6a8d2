/**
 * The named rules of Keystone 22.0.2 as Debian 12 ships it (its patches for "Consistent and Secure RBAC" included): the
 * role admin admits on any scope, the role reader reads on the system and in its own domain, owners reach what is theirs.
 *
 * Checks, scope types and operations are Keystone's own, so that a policy file written for it means the same here. Of
 * its deprecated checks only the three are kept that allow more than the present ones.
 */
import { type CompiledPolicy, compilePolicy, type PolicyOptions } from '../compile.ts'
import { parsePolicyFile } from '../policy-file.ts'
import type { Rule } from '../rule.ts'
import { catalogRules } from './catalog.ts'
import { credentialRules } from './credentials.ts'
import { domainRules } from './domains.ts'
import { endpointFilterRules } from './endpoint-filter.ts'
import { federationRules } from './federation.ts'
import { grantRules } from './grants.ts'
import { helperRules } from './helper-rules.ts'
import { limitRules } from './limits.ts'
import { oauth1Rules } from './oauth1.ts'
import { policyRules } from './policies.ts'
import { projectRules } from './projects.ts'
import { roleRules } from './roles.ts'
import { tokenRules } from './tokens.ts'
import { trustRules } from './trusts.ts'
import { userRules } from './users.ts'

export const keystoneRules: readonly Rule[] = [
  ...helperRules,
  ...tokenRules,
  ...userRules,
  ...projectRules,
  ...domainRules,
  ...roleRules,
  ...grantRules,
  ...credentialRules,
  ...oauth1Rules,
  ...trustRules,
  ...catalogRules,
  ...endpointFilterRules,
  ...policyRules,
  ...federationRules,
  ...limitRules,
]

/**
 * Keystone's rules, with the operator's policy file (its text) over them. Throws PolicyError when the file is not
 * understood or does not fit; nothing of it is in force then.
 */
export function keystonePolicy(
  fileText = '',
  options: Pick<PolicyOptions, 'enforceScope' | 'enforceNewDefaults'> = {},
): CompiledPolicy {
  return compilePolicy(keystoneRules, { ...options, overrides: parsePolicyFile(fileText) })
}
