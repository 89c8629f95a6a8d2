/**
 * The Nacos dialect: an address server, and a guard in front of configuration and naming that lets in who signs with the
 * key of a namespace, into that namespace alone. Not for people and their rights: those are RAM's and Nacos' own logins.
 */
import type { Context } from '../../context.ts'
import type { Wire } from '../../http/wire.ts'
import { acmOperations } from './acm.ts'
import { type Addresses, addressOperations } from './address-server.ts'
import { configOperations } from './config.ts'
import { embeddedRegistry } from './embedded-registry.ts'
import { identifyConfigClient, identifyNamingClient } from './guard.ts'
import { longPolls } from './long-poll.ts'
import { namingOperations } from './naming.ts'
import { refusalBrake } from './refusal-brake.ts'
import { upstreamRegistry } from './upstream-registry.ts'
import { type Caller, nacosWire } from './wire.ts'

export interface NacosDialect {
  /** For the port of Nacos' clients. */
  readonly nacos: readonly Wire<Context, Caller>[]
  /** For the port of the address server, where ACM's clients ask for their data as well. */
  readonly address: readonly Wire<Context, Caller>[]
  /** Answers what is held open: the service stops. */
  stop(): void
}

/** One registry stands behind all its wires. */
export function nacosDialect(ctx: Context, addresses: Addresses): NacosDialect {
  const { nacosUpstream: url } = ctx.settings
  const registry = url === undefined ? embeddedRegistry(ctx) : upstreamRegistry(ctx, url)
  const polls = longPolls(ctx, registry.config)
  const brake = refusalBrake()
  const config = { identify: identifyConfigClient, brake }
  const acm = nacosWire({ ...config, name: 'acm', operations: acmOperations(registry.config, polls) })
  return {
    nacos: [
      acm,
      nacosWire({
        name: 'nacos-naming',
        operations: namingOperations(registry.naming),
        identify: identifyNamingClient,
        brake,
      }),
      nacosWire({
        ...config,
        name: 'nacos-config',
        operations: configOperations(registry.config, polls),
      }),
    ],
    address: [acm, nacosWire({ ...config, name: 'address', operations: addressOperations(addresses) })],
    stop: () => {
      polls.stop()
      registry.stop()
    },
  }
}
