/**
 * OS-SECURITYPOLICY: what an account's passwords and sign-ins are held to, what its users may change themselves, and from
 * where they call ("Security settings"). What is set here is in force on every face, beside what the operator set for the
 * whole house, which it never loosens; what an account has not set shows as the house's.
 */
import { type Static, type TSchema, Type } from 'typebox'
import type { Context } from '../../../context.ts'
import {
  type AccountSecurity,
  complianceFor,
  type LoginPolicy,
  type PasswordPolicy,
  type ProtectPolicy,
} from '../../../core/account-security.ts'
import { missing } from '../../../core/refusal.ts'
import { accountSecurity, findAccountSecurity, putAccountSecurity } from '../../../store/accounts.ts'
import { findDomainScope } from '../../../store/scopes.ts'
import { demandAdministrator } from '../access.ts'
import { change, operation } from '../operation.ts'
import {
  ANYWHERE,
  ANYWHERE_BY_CONSOLE,
  ApiAddressBody,
  apiAddressesFrom,
  ConsoleAddressBody,
  consoleAddressesFrom,
} from './address-lists.ts'

type Settings = Context['settings']

const MINUTES = 60
const DAY_MINUTES = 1440

function passwordPolicy(settings: Settings, { password }: AccountSecurity): PasswordPolicy {
  return (
    password ?? {
      maximum_consecutive_identical_chars: 0,
      minimum_password_age: settings.minimumPasswordAge * DAY_MINUTES,
      minimum_password_length: 1,
      number_of_recent_passwords_disallowed: settings.uniqueLastPasswordCount,
      password_not_username_or_invert: false,
      password_validity_period: settings.passwordExpiresDays ?? 0,
      password_char_combination: 1,
    }
  )
}

function loginPolicy(settings: Settings, { login }: AccountSecurity): LoginPolicy {
  return (
    login ?? {
      account_validity_period: settings.disableUserAccountDaysInactive ?? 0,
      custom_info_for_login: '',
      lockout_duration: Math.ceil(settings.lockoutDuration / MINUTES),
      login_failed_times: settings.lockoutFailureAttempts,
      period_with_login_failures: Math.ceil(settings.lockoutDuration / MINUTES),
      session_timeout: Math.ceil(settings.huaweiTokenTtl / MINUTES),
      show_recent_login_info: false,
    }
  )
}

const EVERYTHING: ProtectPolicy = {
  manage_accesskey: true,
  manage_email: true,
  manage_mobile: true,
  manage_password: true,
}
function shownPasswordPolicy(settings: Settings, security: AccountSecurity) {
  const rules = complianceFor(settings, security)
  return {
    ...passwordPolicy(settings, security),
    maximum_password_length: settings.maxPasswordLength,
    number_of_recent_passwords_disallowed: rules.uniqueLastPasswordCount,
    password_validity_period: rules.passwordExpiresDays ?? 0,
    password_requirements: settings.passwordRegexDescription ?? '',
  }
}

function shownProtectPolicy({ protect }: AccountSecurity) {
  const rest = { operation_protection: false, mobile: '', admin_check: 'off', email: '', scene: '' }
  return { allow_user: { ...EVERYTHING, ...protect }, ...rest }
}

const count = (minimum: number, maximum: number) => Type.Optional(Type.Integer({ minimum, maximum }))
const flag = Type.Optional(Type.Boolean())

const PasswordBody = Type.Object({
  maximum_consecutive_identical_chars: count(0, 32),
  minimum_password_age: count(0, DAY_MINUTES),
  minimum_password_length: count(6, 32),
  number_of_recent_passwords_disallowed: count(0, 10),
  password_not_username_or_invert: flag,
  password_validity_period: count(0, 180),
  password_char_combination: count(2, 4),
})

const LoginBody = Type.Object({
  account_validity_period: count(0, 240),
  custom_info_for_login: Type.Optional(Type.String({ maxLength: 64 })),
  lockout_duration: count(15, 30),
  login_failed_times: count(3, 10),
  period_with_login_failures: count(15, 60),
  session_timeout: count(15, DAY_MINUTES),
  show_recent_login_info: flag,
})

const ProtectBody = Type.Object({
  // There is nothing here that would ask again before each operation.
  operation_protection: Type.Literal(false),
  allow_user: Type.Optional(
    Type.Object({
      manage_accesskey: flag,
      manage_email: flag,
      manage_mobile: flag,
      manage_password: flag,
    }),
  ),
})

interface Kind<Body extends TSchema = TSchema> {
  readonly name: string
  readonly shows: string
  readonly updates: { readonly id: string; readonly body: Body }
  readonly shown: (settings: Settings, security: AccountSecurity) => object
  readonly from: (sent: Static<Body>, settings: Settings, before: AccountSecurity) => AccountSecurity
}

const kindOf = <Body extends TSchema>(kind: Kind<Body>): Kind => kind as unknown as Kind

const kinds: readonly Kind[] = [
  kindOf({
    name: 'password-policy',
    shows: 'showDomainPasswordPolicy',
    updates: { id: 'updateDomainPasswordPolicy', body: PasswordBody },
    shown: shownPasswordPolicy,
    from: (sent: Static<typeof PasswordBody>, settings, before) => ({
      password: { ...passwordPolicy(settings, before), ...sent },
    }),
  }),
  kindOf({
    name: 'login-policy',
    shows: 'showDomainLoginPolicy',
    updates: { id: 'updateDomainLoginPolicy', body: LoginBody },
    shown: loginPolicy,
    from: (sent: Static<typeof LoginBody>, settings, before) => ({
      login: { ...loginPolicy(settings, before), ...sent },
    }),
  }),
  kindOf({
    name: 'protect-policy',
    shows: 'showDomainProtectPolicy',
    updates: { id: 'updateDomainProtectPolicy', body: ProtectBody },
    shown: (_settings, security) => shownProtectPolicy(security),
    from: (sent: Static<typeof ProtectBody>, _settings, before) => ({
      protect: { ...EVERYTHING, ...before.protect, ...sent.allow_user },
    }),
  }),
  kindOf({
    name: 'api-acl-policy',
    shows: 'showDomainApiAclPolicy',
    updates: { id: 'updateDomainApiAclPolicy', body: ApiAddressBody },
    shown: (_settings, { apiAddresses }) => apiAddresses ?? ANYWHERE,
    from: (sent: Static<typeof ApiAddressBody>) => ({ apiAddresses: apiAddressesFrom(sent) }),
  }),
  kindOf({
    name: 'console-acl-policy',
    shows: 'showDomainConsoleAclPolicy',
    updates: { id: 'updateDomainConsoleAclPolicy', body: ConsoleAddressBody },
    shown: (_settings, { consoleAddresses }) => consoleAddresses ?? ANYWHERE_BY_CONSOLE,
    from: (sent: Static<typeof ConsoleAddressBody>) => ({ consoleAddresses: consoleAddressesFrom(sent) }),
  }),
]

function operationsOf({ name, shows, updates, shown, from }: Kind) {
  const path = `/v3.0/OS-SECURITYPOLICY/domains/:domain_id/${name}`
  const member = name.replaceAll('-', '_')
  const show = operation({
    id: shows,
    method: 'GET',
    path,
    policy: 'authenticated',
    success: 200,
    refusals: ['unauthenticated', 'forbidden'],
    handle: async ({ ctx, caller, params }) => {
      const domainId = params['domain_id'] ?? ''
      demandAdministrator(caller, domainId, `iam:securitypolicies:${shows}`)
      return { body: { [member]: shown(ctx.settings, await accountSecurity(ctx.store, domainId)) } }
    },
  })
  const update = operation({
    id: updates.id,
    method: 'PUT',
    path,
    policy: 'authenticated',
    body: Type.Object({ [member]: updates.body }),
    success: 200,
    refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
    handle: async (call) => {
      const { ctx, caller, params } = call
      const domainId = params['domain_id'] ?? ''
      demandAdministrator(caller, domainId, `iam:securitypolicies:${updates.id}`)
      const sent = (call.body as Readonly<Record<string, never>>)[member]
      const after = await change(call, `account:${domainId}`, async (tx) => {
        if (!(await findDomainScope(tx, { id: domainId }))) missing('domain', domainId)
        const before = await findAccountSecurity(tx, domainId)
        const set = from(sent as never, ctx.settings, before)
        await putAccountSecurity(tx, domainId, set)
        return { ...before, ...set }
      })
      return { body: { [member]: shown(ctx.settings, after) } }
    },
  })
  return [show, update]
}

export const securityPolicyOperations = kinds.flatMap(operationsOf)
