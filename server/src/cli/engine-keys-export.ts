import { readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { exportEngineKeys } from '../flows/engine-keys.ts'
import { makeFolder } from '../make-folder.ts'
import { CommandError, type CommandInput } from './command.ts'
import { engineNamed } from './engines.ts'
import { withContext } from './with-context.ts'

/**
 * `tokenhouse engine keys export ENGINE FOLDER`: the key files that a service-center reads (PKCS#1 and SPKI) with the
 * environment to start it with, or the properties of a Nacos. A next key, where there is one, lies in `next`.
 */
export async function run({ settings, args, print }: CommandInput): Promise<void> {
  const folder = resolve(args[1]!)
  await withContext(settings, async (ctx) => {
    const engine = await engineNamed(ctx, args[0]!)
    const keys = await exportEngineKeys(ctx, engine)
    makeFolder(folder)
    if (readdirSync(folder).length > 0) throw new CommandError(`${folder} is not empty: keys would mix`)
    for (const { state, secret, publicKey } of keys) {
      const at = state === 'current' ? folder : join(folder, 'next')
      makeFolder(at)
      const write = (name: string, text: string): void =>
        writeFileSync(join(at, name), text, { mode: 0o600, flag: 'wx' })
      if (publicKey === undefined) write('nacos.properties', nacosProperties(secret))
      else {
        write('private.pem', secret)
        write('public.pem', publicKey)
        write('service-center.env', serviceCenterEnvironment(at))
        write('rbac.yaml', serviceCenterYaml(at))
      }
    }
    print.line(
      `wrote ${keys.length === 1 ? 'the key' : `${keys.length} keys`} of ${engine.name} to ${folder}`,
    )
  })
}

const serviceCenterEnvironment = (at: string): string =>
  [
    'RBAC_ENABLE=true',
    `RBAC_PRIVATE_KEY_FILE=${join(at, 'private.pem')}`,
    `RBAC_PUBLIC_KEY_FILE=${join(at, 'public.pem')}`,
    'RBAC_SCOPE=*',
    'AUTH_KIND=buildin',
    '',
  ].join('\n')

const serviceCenterYaml = (at: string): string =>
  [
    'rbac:',
    '  enable: true',
    `  privateKeyFile: ${join(at, 'private.pem')}`,
    `  publicKeyFile: ${join(at, 'public.pem')}`,
    "  scope: '*'",
    'auth:',
    '  kind: buildin',
    '',
  ].join('\n')

const nacosProperties = (secret: string): string =>
  [
    'nacos.core.auth.enabled=true',
    'nacos.core.auth.system.type=nacos',
    `nacos.core.auth.plugin.nacos.token.secret.key=${secret}`,
    'nacos.core.auth.plugin.nacos.token.expire.seconds=18000',
    'nacos.core.auth.enable.userAgentAuthWhite=false',
    '',
  ].join('\n')
