/** What stands behind the guard: a small store of our own, or a Nacos. Who calls is settled before it is asked. */
import type { Listened } from '../../core/spas.ts'
import type { ConfigReference } from '../../store/config-entries.ts'
import type { InstanceReference, ServiceInstance, ServiceReference } from '../../store/service-instances.ts'

export interface Configuration {
  readonly content: string
  readonly type: string
}

export interface ConfigRegistry {
  find(of: ConfigReference): Promise<Configuration | undefined>
  publish(of: ConfigReference, written: Configuration, by: RegistryActor): Promise<void>
  remove(of: ConfigReference, by: RegistryActor): Promise<void>
  /** Which of the listened differ from what is there, by the digest that the client makes of a text. */
  changed(
    tenantId: string,
    listened: readonly Listened[],
    digest: (content: string) => string,
  ): Promise<readonly Listened[]>
  /** Resolves when something of the tenant may have changed, or after `ms`. */
  pause(tenantId: string, ms: number): Promise<void>
}

/** An instance as its client registers it. */
export type NewInstance = Omit<ServiceInstance, 'beatAt'>

export interface NamingRegistry {
  register(instance: NewInstance): Promise<void>
  deregister(of: InstanceReference & { readonly ephemeral: boolean }): Promise<void>
  /** Notes that an instance lives; false when it has to be registered again. `full`: what to register it as at once. */
  beat(of: InstanceReference, full: NewInstance | undefined): Promise<boolean>
  list(of: ServiceReference): Promise<readonly NewInstance[]>
  services(tenantId: string): Promise<readonly string[]>
}

export interface RegistryActor {
  readonly accessKey: string
  readonly action: string
  readonly requestId: string
}

export interface Registry {
  readonly config: ConfigRegistry
  readonly naming: NamingRegistry
  /** Ends every pause, for good: the service stops. */
  stop(): void
}
