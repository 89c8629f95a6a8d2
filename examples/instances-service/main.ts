/**
 * Runs the service: settings from the environment (OpenStack's names, as `openrc` has them), one instance in every project.
 * Prints `ready http://HOST:PORT` when it listens.
 */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGuard } from '@tokenhouse/client'
import { renderGatewayRefusal } from './gateway-errors.ts'
import { type Instance, instancesService } from './instances-service.ts'

const { env } = process
const guard = createGuard({
  authUrl: env['OS_AUTH_URL'] ?? 'http://127.0.0.1:5000/v3',
  credentials: {
    username: env['OS_USERNAME'] ?? 'admin',
    userDomainName: env['OS_USER_DOMAIN_NAME'] ?? 'Default',
    password: env['OS_PASSWORD'] ?? '',
    projectName: env['OS_PROJECT_NAME'] ?? 'admin',
    projectDomainName: env['OS_PROJECT_DOMAIN_NAME'] ?? 'Default',
  },
  serviceType: 'rds',
  serviceRoles: ['service'],
  cacheSeconds: Number(env['CACHE_SECONDS'] ?? 10),
  reportExpired: true,
  renderRefusal: renderGatewayRefusal,
})

function demoInstances(projectId: string): readonly Instance[] {
  const idOf = (what: string): string =>
    createHash('sha256').update(`${what} ${projectId}`).digest('hex').slice(0, 32)
  return [
    {
      id: `${idOf('instance')}in01`,
      name: 'rds-demo',
      status: 'ACTIVE',
      type: 'Single',
      datastore: { type: 'MySQL', version: '8.0' },
      vpc_id: idOf('vpc'),
      subnet_id: idOf('subnet'),
      volume: { type: 'CLOUDSSD', size: 40 },
    },
  ]
}

const server = createServer(instancesService(guard, demoInstances))
server.listen(Number(env['PORT'] ?? 8080), env['HOST'] ?? '127.0.0.1', () => {
  const { address, port } = server.address() as AddressInfo
  console.log(`ready http://${address}:${port}`)
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    guard.close()
    server.close()
    server.closeIdleConnections()
  })
}
