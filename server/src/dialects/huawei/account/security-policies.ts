/**
 * OS-SECURITYPOLICY: what an account's sign-ins are held to, as it is in force for the whole house ("Security settings").
 * It is set by the operator; the operations that would change it for one account are left out.
 */
import type { Context } from '../../../context.ts'
import { demandAdministrator } from '../access.ts'
import { operation } from '../operation.ts'

type Settings = Context['settings']

const MINUTES = 60
const DAY_MINUTES = 1440

const passwordPolicy = (settings: Settings) => ({
  maximum_consecutive_identical_chars: 0,
  maximum_password_length: settings.maxPasswordLength,
  minimum_password_age: settings.minimumPasswordAge * DAY_MINUTES,
  minimum_password_length: 1,
  number_of_recent_passwords_disallowed: settings.uniqueLastPasswordCount,
  password_not_username_or_invert: false,
  password_requirements: settings.passwordRegexDescription ?? '',
  password_validity_period: settings.passwordExpiresDays ?? 0,
  password_char_combination: 1,
})

const loginPolicy = (settings: Settings) => ({
  account_validity_period: settings.disableUserAccountDaysInactive ?? 0,
  custom_info_for_login: '',
  lockout_duration: Math.ceil(settings.lockoutDuration / MINUTES),
  login_failed_times: settings.lockoutFailureAttempts,
  period_with_login_failures: Math.ceil(settings.lockoutDuration / MINUTES),
  session_timeout: Math.ceil(settings.huaweiTokenTtl / MINUTES),
  show_recent_login_info: false,
})

const ACL = {
  allow_address_netmasks: [],
  allow_ip_ranges: [{ ip_range: '0.0.0.0-255.255.255.255', description: '' }],
}

const shown: Readonly<Record<string, readonly [id: string, body: (settings: Settings) => object]>> = {
  'password-policy': [
    'showDomainPasswordPolicy',
    (settings) => ({ password_policy: passwordPolicy(settings) }),
  ],
  'login-policy': ['showDomainLoginPolicy', (settings) => ({ login_policy: loginPolicy(settings) })],
  'protect-policy': [
    'showDomainProtectPolicy',
    () => ({
      protect_policy: {
        allow_user: {
          manage_accesskey: true,
          manage_email: true,
          manage_mobile: true,
          manage_password: true,
        },
        operation_protection: false,
        mobile: '',
        admin_check: 'off',
        email: '',
        scene: '',
      },
    }),
  ],
  'api-acl-policy': ['showDomainApiAclPolicy', () => ({ api_acl_policy: ACL })],
  'console-acl-policy': ['showDomainConsoleAclPolicy', () => ({ console_acl_policy: ACL })],
}

export const securityPolicyOperations = Object.entries(shown).map(([name, [id, body]]) =>
  operation({
    id,
    method: 'GET',
    path: `/v3.0/OS-SECURITYPOLICY/domains/:domain_id/${name}`,
    policy: 'authenticated',
    success: 200,
    refusals: ['unauthenticated', 'forbidden'],
    handle: async ({ ctx, caller, params }) => {
      demandAdministrator(caller, params['domain_id'] ?? '', `iam:securitypolicies:${id}`)
      return { body: body(ctx.settings) }
    },
  }),
)
