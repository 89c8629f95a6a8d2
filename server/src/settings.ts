/**
 * Every setting of the service, once. A line here is a flag (`--data-dir`), an environment variable (`TOKENHOUSE_DATA_DIR`),
 * a config-file key (`data-dir`), a field of `Settings` (`dataDir`) and a row of docs/configuration.md.
 * Not for reading them: that is config.ts.
 */
import { availableParallelism } from 'node:os'
import {
  choice,
  databaseUrl,
  httpUrl,
  integer,
  type Kind,
  listOf,
  methodNames,
  networks,
  path,
  pathInDataDir,
  port,
  regularExpression,
  seconds,
  text,
  truth,
} from './setting-kinds.ts'

/** What a setting is about: a heading of the documentation, and the handle by which a command takes its flags. */
export const settingGroups = {
  data: 'Data and keys',
  listen: 'Listening',
  log: 'Logging',
  token: 'Tokens',
  password: 'Passwords and sign-in',
  cloud: 'The cloud that is served',
  bootstrap: 'First start',
} as const

export type SettingGroup = keyof typeof settingGroups

export interface Setting extends Kind<unknown, unknown> {
  readonly group: SettingGroup
  readonly help: string
  /** Never printed, not even in an error message. */
  readonly secret?: boolean
}

const otherCores = Math.max(1, availableParallelism() - 1)

export const settingsTable = {
  dataDir: {
    group: 'data',
    ...path('./var'),
    help: 'folder of everything the service keeps; made when missing',
  },
  databaseUrl: {
    group: 'data',
    ...databaseUrl('tokenhouse.db'),
    secret: true,
    help: 'embedded SQLite, or PostgreSQL 13 or newer',
  },
  rootKeyFile: {
    group: 'data',
    ...pathInDataDir('root.key'),
    help: 'the key that seals the secrets in the database; made when missing',
  },

  host: { group: 'listen', ...text('127.0.0.1', 'ADDRESS'), help: 'address the faces listen on' },
  port: { group: 'listen', ...port(5000), help: 'the OpenStack face' },
  huaweiPort: { group: 'listen', ...port(5001), help: 'the Huawei Cloud face' },
  alibabaPort: { group: 'listen', ...port(5002), help: 'the Alibaba Cloud face' },
  enginePort: { group: 'listen', ...port(5003), help: 'the ServiceComb engine face' },
  addressPort: { group: 'listen', ...port('off'), help: 'the EDAS address server' },
  nacosPort: { group: 'listen', ...port('off'), help: 'the Nacos face' },
  nacosServers: {
    group: 'listen',
    ...listOf([], 'HOST:PORT,...'),
    help: 'servers that the address server tells; unset: its own host, at nacos-port',
  },
  nacosUpstream: {
    group: 'listen',
    ...httpUrl(undefined),
    help: "a Nacos behind the Nacos face, with its context path; unset: the service's own small registry",
  },
  nacosUpstreamIdentity: {
    group: 'listen',
    ...text(undefined, 'NAME:VALUE'),
    secret: true,
    help: 'header by which that Nacos knows the service (nacos.core.auth.server.identity)',
  },
  adminPort: { group: 'listen', ...port(5009), help: 'health and metrics' },
  adminHost: {
    group: 'listen',
    ...text('127.0.0.1', 'ADDRESS'),
    help: 'address health and metrics listen on',
  },
  publicUrl: {
    group: 'listen',
    ...httpUrl(undefined),
    help: 'how clients reach the OpenStack face, when not by host and port',
  },
  huaweiPublicUrl: {
    group: 'listen',
    ...httpUrl(undefined),
    help: 'how clients reach the Huawei Cloud face, when not by host and huawei-port',
  },
  tlsCert: {
    group: 'listen',
    ...path(undefined),
    help: 'certificate chain (PEM); serves HTTPS, with tls-key; a renewed one is served within half a minute',
  },
  tlsKey: { group: 'listen', ...path(undefined), help: 'private key of tls-cert (PEM)' },
  trustedProxies: {
    group: 'listen',
    ...networks(),
    help: 'proxies whose X-Forwarded headers are believed (addresses or CIDR)',
  },
  insecureHttp: {
    group: 'listen',
    ...truth(false),
    help: 'serve plain HTTP on an address that is not loopback',
  },
  maxBodyBytes: {
    group: 'listen',
    ...integer(114_688, { least: 1024, shape: 'BYTES' }),
    help: 'larger requests are refused with 413',
  },

  logLevel: {
    group: 'log',
    ...choice(['debug', 'info', 'warn', 'error', 'silent'], 'info'),
    help: 'least severity that is logged',
  },
  logFile: {
    group: 'log',
    ...path(undefined),
    help: 'where logs go (JSON lines) instead of stderr; opened anew on SIGHUP',
  },

  tokenFormat: {
    group: 'token',
    ...choice(['fernet', 'jws'], 'fernet'),
    help: 'format of new tokens; both are always accepted',
  },
  tokenTtl: { group: 'token', ...seconds(3600), help: 'life of a token' },
  huaweiTokenTtl: { group: 'token', ...seconds(86_400), help: 'life of a token issued on the Huawei face' },
  allowExpiredWindow: {
    group: 'token',
    ...seconds(172_800, 0),
    help: 'how long after its expiry a service may still validate a token with allow_expired',
  },

  authMethods: {
    group: 'password',
    ...methodNames(['external', 'password', 'token', 'oauth1', 'mapped', 'application_credential', 'totp']),
    help: 'ways to prove who one is that are open, in the order of their bits (as Keystone, when keys are shared)',
  },
  passwordHash: {
    group: 'password',
    ...choice(['argon2id', 'bcrypt'], 'argon2id'),
    help: 'how new passwords are hashed',
  },
  bcryptRounds: {
    group: 'password',
    ...integer(12, { least: 4, most: 16 }),
    help: 'cost of bcrypt, as a power of two',
  },
  maxPasswordLength: {
    group: 'password',
    ...integer(4096, { least: 72, most: 65_536, shape: 'BYTES' }),
    help: 'longest password; a longer one is refused',
  },
  kdfThreads: {
    group: 'password',
    ...integer(otherCores, { least: 1, most: 256 }),
    initialText: 'cores - 1, at least 1',
    help: 'threads that hash passwords, beside the one that serves',
  },
  kdfQueue: {
    group: 'password',
    ...integer(256, { least: 0, most: 100_000 }),
    help: 'sign-ins that may wait for a thread; more are answered 429',
  },
  lockoutFailureAttempts: {
    group: 'password',
    ...integer(0, { least: 0 }),
    help: 'wrong passwords in a row that lock a user out; 0: never',
  },
  lockoutDuration: { group: 'password', ...seconds(1800), help: 'how long a lockout lasts' },
  uniqueLastPasswordCount: {
    group: 'password',
    ...integer(0, { least: 0, most: 24 }),
    help: 'earlier passwords that may not be chosen again',
  },
  passwordExpiresDays: {
    group: 'password',
    ...integer(undefined, { least: 1, most: 36_500, shape: 'DAYS' }),
    help: 'life of a password; unset: no end',
  },
  minimumPasswordAge: {
    group: 'password',
    ...integer(0, { least: 0, most: 36_500, shape: 'DAYS' }),
    help: 'days before a user may change a password again',
  },
  passwordRegex: {
    group: 'password',
    ...regularExpression(undefined),
    help: 'what a new password must match',
  },
  passwordRegexDescription: {
    group: 'password',
    ...text(undefined),
    help: 'the same in words, for the refusal',
  },
  changePasswordUponFirstUse: {
    group: 'password',
    ...truth(false),
    help: 'a password that an administrator set must be changed first',
  },
  disableUserAccountDaysInactive: {
    group: 'password',
    ...integer(undefined, { least: 1, most: 36_500, shape: 'DAYS' }),
    help: 'days without a sign-in that disable a user; unset: never',
  },
  receiptTtl: {
    group: 'token',
    ...seconds(300),
    help: 'how long who has shown one factor may take to show the next',
  },
  defaultAuthorizationTtl: {
    group: 'token',
    ...seconds(0, 0),
    help: 'how long a group membership from a mapping lasts when its identity provider does not say',
  },

  region: { group: 'cloud', ...text('RegionOne', 'ID'), help: 'region of the first endpoints' },
  defaultDomain: { group: 'cloud', ...text('default', 'ID'), help: 'domain of who names none' },
  maxProjectTreeDepth: {
    group: 'cloud',
    ...integer(5, { least: 1, most: 64 }),
    help: 'how deep projects nest',
  },
  policyFile: {
    group: 'cloud',
    ...path(undefined),
    help: 'rules that replace built-in ones (JSON or oslo.policy YAML)',
  },
  enforceScope: {
    group: 'cloud',
    ...truth(true),
    help: "demand a rule's scope types of the session (oslo.policy's enforce_scope)",
  },
  enforceNewDefaults: {
    group: 'cloud',
    ...truth(false),
    help: "leave out the checks that Keystone deprecated (oslo.policy's enforce_new_defaults)",
  },
  trustedDashboards: {
    group: 'cloud',
    ...listOf([], 'URL,...'),
    help: 'addresses of dashboards that a browser signing in elsewhere may bring its token to, to the letter',
  },
  engineAddresses: {
    group: 'cloud',
    ...listOf([], 'URL,...'),
    help: 'addresses of service-centers and Nacos servers that may be told of accounts, to the letter',
  },
  huaweiXdomainType: {
    group: 'cloud',
    ...text(undefined, 'TYPE'),
    help: 'xdomain_type of tokens on the Huawei face',
  },
  edasAddressHost: {
    group: 'cloud',
    ...text(undefined, 'HOST'),
    help: 'AddressServerHost of GetSecureToken; unset: the address that is listened on',
  },
  edasSecretAction: {
    group: 'cloud',
    ...text(undefined, 'ACTION'),
    help: "RAM action that reading a namespace's secret asks for besides edas:ReadNamespace",
  },

  adminPassword: {
    group: 'bootstrap',
    ...text(undefined),
    secret: true,
    help: 'password of the first user; unset: a random one',
  },
  adminPasswordFile: { group: 'bootstrap', ...path(undefined), help: 'file with that password' },
} as const satisfies Record<string, Setting>

/** What one line of the table gives: what reading gives, or its default. */
type ValueOf<S extends Setting> =
  | ReturnType<S['read']>
  | (S['initial'] extends (dataDir: string) => infer V ? V : S['initial'])

/** All settings, read and defaulted; paths absolute. */
export type Settings = { readonly [K in keyof typeof settingsTable]: ValueOf<(typeof settingsTable)[K]> }
