import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { constants, existsSync, statfsSync, statSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { certificateOf } from '../certificate.ts'
import { chosenAdminPassword, refusePlainHttp, type Settings, settingName } from '../config.ts'
import { openKeys, readRootKey, refuseOtherRootKey } from '../keys.ts'
import { settingsTable } from '../settings.ts'
import { pendingMigrations } from '../store/migrate.ts'
import { listSealedKeys } from '../store/sealed-keys.ts'
import { openStore, type Store } from '../store/store.ts'
import { alibabaFileOf } from './alibaba-file.ts'
import { cloudFilesOf } from './cloud-files.ts'
import type { CommandInput } from './command.ts'
import { operatorPolicy } from './operator-policy.ts'
import { databaseFile } from './with-context.ts'

interface Finding {
  readonly check: string
  readonly verdict: 'ok' | 'warning' | 'fault'
  readonly detail: string
}

type Check = (settings: Settings) => Promise<readonly Finding[]> | readonly Finding[]

const checks: Readonly<Record<string, Check>> = {
  settings,
  folder,
  files,
  clock,
  ports,
  registry,
  database,
}

/** `tokenhouse doctor`: looks, changes nothing. False when something is at fault. */
export async function run({ settings, print }: CommandInput): Promise<boolean> {
  const findings: Finding[] = []
  for (const [name, check] of Object.entries(checks)) {
    try {
      findings.push(...(await check(settings)))
    } catch (error) {
      findings.push(fault(name, (error as Error).message))
    }
  }
  print.table(findings)
  return findings.every(({ verdict }) => verdict !== 'fault')
}

const ok = (check: string, detail: string): Finding => ({ check, verdict: 'ok', detail })
const warning = (check: string, detail: string): Finding => ({ check, verdict: 'warning', detail })
const fault = (check: string, detail: string): Finding => ({ check, verdict: 'fault', detail })

function settings(given: Settings): Finding[] {
  refusePlainHttp(given)
  const certificate = certificateOf(given)
  const until = certificate && new X509Certificate(certificate.cert).validToDate
  if (until && until.getTime() < Date.now())
    return [
      fault('settings', `tls-cert ${given.tlsCert} has expired: it was good until ${until.toISOString()}`),
    ]
  chosenAdminPassword(given)
  const unknown = given.authMethods.filter((name) => !KNOWN_METHODS.includes(name))
  if (unknown.length > 0)
    return [warning('settings', `auth-methods names what nobody signs in by: ${unknown.join(', ')}`)]
  const { unused } = operatorPolicy(given)
  if (unused.length > 0)
    return [warning('settings', `policy-file names rules that do not exist: ${unused.join(', ')}`)]
  return given.insecureHttp
    ? [warning('settings', 'insecure-http sends passwords and tokens in the clear')]
    : [ok('settings', 'can be served')]
}

const KNOWN_METHODS: readonly string[] = settingsTable.authMethods.initial

async function folder({ dataDir }: Settings): Promise<Finding[]> {
  if (!existsSync(dataDir))
    return [fault('folder', `${dataDir} is missing: run tokenhouse bootstrap, or start tokenhouse serve`)]
  await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  const { bavail, bsize } = statfsSync(dataDir)
  const free = Math.floor((bavail * bsize) / 2 ** 20)
  return [
    free < 100
      ? warning('folder', `${dataDir} has ${free} MiB left`)
      : ok('folder', `${dataDir}, ${free} MiB free`),
  ]
}

/** Files that hold secrets are for their owner alone. */
function files(given: Settings): Finding[] {
  const { cloudsYaml, openrc, tokenRequest } = cloudFilesOf(given.dataDir)
  const database = databaseFile(given)
  const alibaba = alibabaFileOf(given.dataDir)
  const secret = [given.rootKeyFile, cloudsYaml, openrc, tokenRequest, alibaba]
    .concat([given.tlsKey, given.adminPasswordFile].filter((file) => file !== undefined))
    .concat(database === undefined ? [] : [database, `${database}-wal`])
    .filter((file) => existsSync(file))
  const open = secret.filter((file) => (statSync(file).mode & 0o077) !== 0)
  if (process.platform === 'win32') return []
  if (open.length > 0)
    return open.map((file) => fault('files', `${file} can be read by others: chmod 600 ${file}`))
  return [ok('files', `${secret.length} files with secrets, closed to others`)]
}

/** Tokens are as good as the clock: nothing that was written can lie in its future, and it must be set at all. */
function clock({ dataDir, rootKeyFile }: Settings): Finding[] {
  const now = Date.now()
  const newest = [rootKeyFile, join(dataDir, 'tokenhouse.db')]
    .filter((file) => existsSync(file))
    .map((file) => statSync(file).mtimeMs)
  const ahead = Math.max(0, ...newest) - now
  if (now < Date.UTC(2025, 0)) return [fault('clock', `it is set to ${new Date(now).toISOString()}`)]
  if (ahead > 5000)
    return [fault('clock', `it is ${Math.round(ahead / 1000)} s behind files the service wrote`)]
  return [ok('clock', new Date(now).toISOString())]
}

async function ports(given: Settings): Promise<Finding[]> {
  const fields = [
    'port',
    'huaweiPort',
    'alibabaPort',
    'enginePort',
    'addressPort',
    'nacosPort',
    'adminPort',
  ] as const
  const wanted = fields.flatMap((field) => {
    const value = given[field]
    return value === 'off' || value === 0 ? [] : [{ name: settingName(field), port: value }]
  })
  const twice = wanted.filter(({ port }, at) => wanted.findIndex((other) => other.port === port) < at)
  if (twice.length > 0) return twice.map(({ name, port }) => fault('ports', `${name} ${port} is given twice`))
  const findings = await Promise.all(
    wanted.map(async ({ name, port }) => {
      const code = await listenError(name === 'admin-port' ? given.adminHost : given.host, port)
      if (code === undefined) return ok('ports', `${name} ${port} is free`)
      if (code === 'EADDRINUSE')
        return warning('ports', `${name} ${port} is in use: by a running service, or it cannot start`)
      return fault('ports', `${name} ${port} cannot be listened on: ${code}`)
    }),
  )
  return findings
}

/** acm-client adds this port by itself, to look up servers and to ask for data. */
const ACM_PORT = 8080

/** Settings of the Nacos face and the address server that say nothing by themselves, or not what was meant. */
function registry(given: Settings): Finding[] {
  const { nacosPort, addressPort, nacosServers, nacosUpstream, nacosUpstreamIdentity } = given
  const badServer = nacosServers.find(
    (server) => !/^[^\s:,]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/.test(server),
  )
  if (badServer !== undefined) return [fault('registry', `nacos-servers: ${badServer} is not HOST:PORT`)]
  if (nacosUpstreamIdentity !== undefined && !/^[\w-]+:./.test(nacosUpstreamIdentity)) {
    return [fault('registry', 'nacos-upstream-identity is not NAME:VALUE')]
  }
  const doubts = [
    nacosUpstream !== undefined && nacosPort === 'off' && 'nacos-upstream is set, and nacos-port is off',
    nacosUpstreamIdentity !== undefined &&
      nacosUpstream === undefined &&
      'nacos-upstream-identity is set, and nacos-upstream is not',
    nacosServers.length > 0 && addressPort === 'off' && 'nacos-servers is set, and address-port is off',
    addressPort !== 'off' &&
      addressPort !== ACM_PORT &&
      `address-port is ${addressPort}: clients of ACM look at ${ACM_PORT} and nowhere else`,
    addressPort !== 'off' &&
      nacosPort === 'off' &&
      nacosServers.length === 0 &&
      'address-port tells clients of Nacos no server: give nacos-port or nacos-servers',
  ].filter((doubt) => doubt !== false)
  if (doubts.length > 0) return doubts.map((doubt) => warning('registry', doubt))
  const isOn = nacosPort !== 'off' || addressPort !== 'off'
  return [ok('registry', isOn ? 'can be found by clients of Nacos and ACM' : 'off')]
}

async function listenError(host: string, port: number): Promise<string | undefined> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  } finally {
    server.close()
  }
}

async function database(given: Settings): Promise<Finding[]> {
  const file = databaseFile(given)
  if (file !== undefined && !existsSync(file)) return [fault('database', `${file} is missing`)]
  const store = await openStore(given.databaseUrl)
  try {
    const pending = await pendingMigrations(store)
    if (pending.length > 0)
      return [fault('migrations', `pending: ${pending.join(', ')}; run tokenhouse migrate`)]
    return [
      ok('database', `${store.engine} answers`),
      ok('migrations', 'none pending'),
      ...(await keys(store, given.rootKeyFile)),
    ]
  } finally {
    await store.close()
  }
}

async function keys(store: Store, rootKeyFile: string): Promise<Finding[]> {
  const sealed = await listSealedKeys(store.db)
  if (sealed.length === 0) return [fault('keys', 'none: run tokenhouse bootstrap')]
  const opened = openKeys(store, readRootKey(rootKeyFile, false))
  refuseOtherRootKey(opened, sealed, rootKeyFile)
  const { fernet, jws } = await opened.tokens()
  const staged = sealed.some(({ purpose, id }) => purpose === 'fernet' && id === '0')
  const found = `${sealed.length} keys open with the root key`
  if (!fernet || !jws) return [fault('keys', 'some are missing')]
  return [
    staged
      ? ok('keys', found)
      : warning('keys', `${found}, but no Fernet key is staged: run tokenhouse keys rotate`),
  ]
}
