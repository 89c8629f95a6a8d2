import { readSecureToken, type SecureToken } from '../flows/namespaces.ts'
import { type CommandInput, UsageError } from './command.ts'
import { namespaceNamed } from './namespaces.ts'
import { domainNamed, operator } from './operator.ts'
import { withContext } from './with-context.ts'

/**
 * What clients of Nacos and ACM read: `spas` is the file that `-Dspas.identity` names and the Java client reads again
 * when it changes, `env` is for shells, `spring` for application.properties.
 */
const FORMATS: Readonly<
  Record<string, (token: SecureToken, host: string) => Readonly<Record<string, string>>>
> = {
  spas: ({ accessKey, secretKey, namespace }) => ({ accessKey, secretKey, tenantId: namespace.tenantId }),
  env: ({ accessKey, secretKey, namespace }, host) => ({
    spas_accessKey: accessKey,
    spas_secretKey: secretKey,
    ALIBABA_ALIWARE_NAMESPACE: namespace.tenantId,
    ALIBABA_ALIWARE_ENDPOINT_URL: host,
    address_server_domain: host,
  }),
  spring: ({ accessKey, secretKey, namespace }, host) =>
    Object.fromEntries(
      ['config', 'discovery'].flatMap((part) =>
        Object.entries({
          endpoint: host,
          namespace: namespace.tenantId,
          'access-key': accessKey,
          'secret-key': secretKey,
        }).map(([name, value]) => [`spring.cloud.nacos.${part}.${name}`, value]),
      ),
    ),
}

/** `tokenhouse namespace export NAMESPACE [--format spas|env|spring]` */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const format = String(options['format'] ?? 'spas')
  const fields = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined
  if (!fields) throw new UsageError(`--format is one of ${Object.keys(FORMATS).join(', ')}`)
  await withContext(settings, async (ctx) => {
    const domain = await domainNamed(ctx, options['domain'])
    const namespace = await namespaceNamed(ctx, domain, args[0]!)
    const token = await readSecureToken(ctx, operator('export_namespace'), namespace)
    const pairs = fields(token, settings.edasAddressHost ?? settings.host)
    const prefix = format === 'env' ? 'export ' : ''
    const lines = Object.entries(pairs).map(([name, value]) => `${prefix}${name}=${value}`)
    print.text(lines.join('\n'), pairs)
  })
}
