/**
 * A running service: opens the data, listens on every face, says where, and stops cleanly when told to. Part of main:
 * it knows every wire, and nothing else may import it.
 */
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { relative } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import manifest from '../package.json' with { type: 'json' }
import { followCertificate } from './certificate.ts'
import { keepAlibabaFile } from './cli/alibaba-file.ts'
import { cloudFilesOf } from './cli/cloud-files.ts'
import { operatorPolicy } from './cli/operator-policy.ts'
import { authUrlOf, setUpOnce } from './cli/set-up.ts'
import { makeDataFolders } from './cli/with-context.ts'
import type { Settings } from './config.ts'
import { type Context, closeContext, openContext, refuseUnready } from './context.ts'
import type { CompiledPolicy } from './core/policy/compile.ts'
import { engineWires } from './dialects/cse/engine-face/index.ts'
import {
  alibabaFace,
  engineFace,
  huaweiFace,
  huaweiWires,
  nacosFaces,
  openstackFace,
  openstackWires,
} from './faces.ts'
import { yieldToOthers } from './hashing/thread-priority.ts'
import { buildAdminFace } from './http/admin-face.ts'
import { type Gauge, renderGauges, requestMetrics } from './http/metrics.ts'
import { openApiOf } from './http/openapi.ts'
import type { Wire } from './http/wire.ts'
import { type Log, openLog } from './log.ts'

/** How long requests that are under way may still take once the service is told to stop. */
const DRAIN_MS = 10_000

/** The threads libuv needs beside those that hash passwords, for files and names. */
const OTHER_POOL_THREADS = 4

interface Listening {
  readonly name: string
  readonly url: string
  readonly server: Server
  readonly close: () => Promise<void>
}

/**
 * Serves until SIGTERM or SIGINT, then drains and closes. SIGHUP does the same (a terminal that closes), unless there is a log
 * file: it is opened anew then. Rejects when the service cannot start.
 */
export async function serve(settings: Settings, print: (line: string) => void): Promise<void> {
  // A heap of 40 MB may grow by a fifth before it is collected, not fourfold: resident memory follows it.
  setFlagsFromString('--heap-growing-percent=20')
  // Read once by libuv, when its pool is first used.
  process.env['UV_THREADPOOL_SIZE'] ??= String(settings.kdfThreads + OTHER_POOL_THREADS)
  const policy = operatorPolicy(settings)
  makeDataFolders(settings)
  const log = openLog(settings)
  const stopping: NodeJS.Signals[] = ['SIGTERM', 'SIGINT']
  if (settings.logFile === undefined) stopping.push('SIGHUP')
  else process.on('SIGHUP', log.reopen)
  if (policy.unused.length > 0)
    log.warn({ rules: policy.unused }, 'the policy file names rules that do not exist')
  const ctx = await openContext(settings)
  const listening: Listening[] = []
  const unfollow = followCertificate(settings, {
    renewed: (certificate) => {
      for (const { server } of listening)
        if (server instanceof TlsServer) server.setSecureContext(certificate)
      log.info('certificate renewed')
    },
    unusable: (error) => log.warn({ err: error }, 'certificate not renewed'),
  })
  try {
    // The first rows hold the address of the identity service, which a free port tells only once it is taken.
    const known = settings.port !== 0 || settings.publicUrl !== undefined
    await yieldToOthers()
    if (known) await setUpOnce(ctx, authUrlOf(settings, settings.port === 'off' ? 5000 : settings.port))
    await listenOnFaces(ctx, policy, log, listening)
    if (!known) await setUpOnce(ctx, authUrlOf(settings, Number(new URL(listening[0]!.url).port)))
    const alibaba = listening.find(({ name }) => name === 'alibaba')
    if (alibaba) await keepAlibabaFile(ctx, reachable(alibaba.url))
    print(announcement(settings, listening))
    await toldToStop(stopping)
    log.info('stopping')
  } finally {
    unfollow()
    await Promise.all(listening.map(({ close }) => close()))
    await closeContext(ctx)
  }
}

async function listenOnFaces(
  ctx: Context,
  policy: CompiledPolicy,
  log: Log,
  listening: Listening[],
): Promise<void> {
  const { settings } = ctx
  const metrics = requestMetrics()
  const nacosPort = (): number | undefined => {
    const nacos = listening.find(({ name }) => name === 'nacos')
    return nacos && Number(new URL(nacos.url).port)
  }
  const { nacosFace, addressFace } = nacosFaces(ctx, nacosPort)
  const faces = [
    { name: 'openstack', port: settings.port, build: openstackFace },
    { name: 'huawei', port: settings.huaweiPort, build: huaweiFace },
    { name: 'alibaba', port: settings.alibabaPort, build: alibabaFace },
    { name: 'engine', port: settings.enginePort, build: engineFace },
    { name: 'nacos', port: settings.nacosPort, build: nacosFace },
    { name: 'address', port: settings.addressPort, build: addressFace },
  ]
  for (const { name, port, build } of faces) {
    if (port === 'off') continue
    const face = build(ctx, policy, {
      onDone: (done) => metrics.observe(name, done),
      onFault: (error, { requestId, method, path }) => {
        metrics.fault(name)
        log.error({ err: error, face: name, requestId, method, path }, 'fault')
      },
    })
    await face.listen({ host: settings.host, port })
    const close = async (): Promise<void> => {
      const deadline = setTimeout(() => face.server.closeAllConnections(), DRAIN_MS)
      await face.close()
      clearTimeout(deadline)
    }
    listening.push({ name, url: urlOf(settings, face.server.address()), server: face.server, close })
  }
  if (settings.adminPort !== 'off')
    listening.push(await listenForAdmin(ctx, policy, log, () => metrics.render()))
}

async function listenForAdmin(
  ctx: Context,
  policy: CompiledPolicy,
  log: Log,
  requests: () => string,
): Promise<Listening> {
  const { adminHost: host, adminPort } = ctx.settings
  const server = buildAdminFace({
    ready: () => refuseUnready(ctx),
    metrics: () => requests() + renderGauges(gaugesOf(ctx)),
    documents: documentsOf(ctx, policy),
    onUnready: (error) => log.warn({ err: error }, 'not ready'),
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port: Number(adminPort) }, resolve)
  })
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { name: 'admin', url: urlOf({ host, tlsCert: undefined }, server.address()), server, close }
}

/** One OpenAPI document per wire. */
function documentsOf(ctx: Context, policy: CompiledPolicy): Record<string, () => unknown> {
  const documentOf = <Caller>(wire: Wire<Context, Caller>) =>
    [
      wire.name,
      () => openApiOf(wire, { title: `Tokenhouse, ${wire.name}`, version: manifest.version }),
    ] as const
  const [huawei, cse] = huaweiWires(ctx, policy)
  return Object.fromEntries([
    ...[...openstackWires(ctx, policy), huawei, cse].flatMap((wire) => (wire ? [documentOf(wire)] : [])),
    ...engineWires.map((wire) => documentOf(wire)),
  ])
}

function gaugesOf(ctx: Context): readonly Gauge[] {
  const kdf = ctx.kdf.stats()
  const { rss, heapUsed } = process.memoryUsage()
  const cpu = process.cpuUsage()
  const gauge = (name: string, help: string, value: number): Gauge => ({
    name,
    help,
    kind: 'gauge',
    value: () => value,
  })
  const counter = (name: string, help: string, value: number): Gauge => ({
    ...gauge(name, help, value),
    kind: 'counter',
  })
  return [
    gauge('tokenhouse_password_hashes_running', 'Password hashes being computed.', kdf.running),
    gauge('tokenhouse_password_hashes_waiting', 'Password hashes waiting for a thread.', kdf.waiting),
    counter('tokenhouse_password_hashes_total', 'Password hashes computed.', kdf.completed),
    counter('tokenhouse_password_hashes_refused_total', 'Sign-ins answered 429.', kdf.refused),
    gauge('process_resident_memory_bytes', 'Resident memory.', rss),
    gauge('nodejs_heap_size_used_bytes', 'Heap in use.', heapUsed),
    counter('process_cpu_seconds_total', 'CPU time, user and system.', (cpu.user + cpu.system) / 1e6),
    gauge('process_start_time_seconds', 'Start of the process.', performance.timeOrigin / 1000),
  ]
}

function urlOf(
  { host, tlsCert }: Pick<Settings, 'host' | 'tlsCert'>,
  address: AddressInfo | string | null,
): string {
  const { port } = address as AddressInfo
  return `${tlsCert === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The same by an address that clients can connect to: one that stands for all of them is none. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

/** What is printed once everything answers: the faces, the credentials, a first token, and `ready` last. */
function announcement(settings: Settings, listening: readonly Listening[]): string {
  const shown = (file: string): string => {
    const path = relative(process.cwd(), file)
    return path.startsWith('..') ? file : path
  }
  const { cloudsYaml, openrc, tokenRequest } = cloudFilesOf(settings.dataDir)
  const openstack = listening.find(({ name }) => name === 'openstack')
  const api = openstack ? authUrlOf(settings, Number(new URL(openstack.url).port)) : listening[0]?.url
  const first = existsSync(cloudsYaml)
    ? [
        `credentials ${shown(cloudsYaml)} (openstack --os-cloud tokenhouse, with OS_CLIENT_CONFIG_FILE=${shown(cloudsYaml)}) and ${shown(openrc)}`,
        `first token: curl -si -H 'Content-Type: application/json' -d @${shown(tokenRequest)} ${api}/auth/tokens`,
      ]
    : []
  return [...listening.map(({ name, url }) => `face ${name} ${url}`), ...first, `ready ${api}`].join('\n')
}

/** Resolves at the first signal; later ones change nothing, since shells and npm send the same one twice. */
function toldToStop(signals: readonly NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) process.on(signal, () => resolve())
  })
}
