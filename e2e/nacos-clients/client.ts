/**
 * One client with one credential: clients of one process share a connection, whatever their keys. Reads what to do as JSON
 * from the environment, prints what came of it as JSON.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'

const load = createRequire(join(String(process.env['NACOS_CLIENTS']), 'package.json'))
const { client, token, addressPort, steps, cacheDir, requestTimeout } = JSON.parse(
  String(process.env['TASK']),
)

const quiet = { info() {}, debug() {}, warn() {}, error() {}, log() {} }

function configClient() {
  const loaded = load(client)
  const Client =
    client === 'acm-client' ? (loaded.ACMClient ?? loaded) : (loaded.NacosConfigClient ?? loaded.DataClient)
  return new Client({
    endpoint: client === 'acm-client' ? token.AddressServerHost : `${token.AddressServerHost}:${addressPort}`,
    namespace: token.TenantId,
    accessKey: token.AccessKey,
    secretKey: token.SecretKey,
    requestTimeout,
    cacheDir,
    ...(token.signatureRegionId ? { signatureRegionId: token.signatureRegionId } : {}),
  })
}

function namingClient() {
  const { NacosNamingClient } = load('nacos-naming')
  return new NacosNamingClient({
    logger: quiet,
    endpoint: `${token.AddressServerHost}:${addressPort}`,
    namespace: token.TenantId,
    ak: token.AccessKey,
    sk: token.SecretKey,
    appName: 'demo',
    vipSrvRefInterMillis: 30_000,
  })
}

const made = client === 'nacos-naming' ? namingClient() : configClient()
made.on('error', () => undefined)
const seen: unknown[] = []
const waiting: { readonly wanted: string; readonly done: () => void }[] = []
function told(value: unknown): void {
  seen.push(value)
  for (const { wanted, done } of waiting) if (JSON.stringify(seen).includes(wanted)) done()
}

const acts: Readonly<Record<string, (given: string) => Promise<void>>> = {
  subscribe: async (info) => {
    made.subscribe(info, told)
  },
  /** Until what listeners were told holds a text. */
  until: (wanted) =>
    new Promise<void>((done) => {
      waiting.push({ wanted, done })
      if (JSON.stringify(seen).includes(wanted)) done()
    }),
}

const results: unknown[] = []
try {
  await made.ready()
  for (const [act, ...given] of steps) {
    const own = acts[act]
    const value = own ? await own(given[0]) : await made[act](...given)
    results.push(value === undefined ? null : value)
  }
  process.stdout.write(JSON.stringify({ results }))
} catch (error) {
  process.stdout.write(JSON.stringify({ results, error: String((error as Error).message) }))
}
process.exit(0)
