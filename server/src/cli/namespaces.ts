/** What the commands about namespaces share: finding one, and how it is shown. */
import type { Context } from '../context.ts'
import { accountNumberOf } from '../flows/ram-principal.ts'
import { findNamespace, listNamespaceKeys, type NamespaceRecord } from '../store/namespaces.ts'
import { type domainNamed, notThere } from './operator.ts'

type Domain = Awaited<ReturnType<typeof domainNamed>>

/** A namespace of the account by `cn-shenzhen:prod`, else by number. */
export async function namespaceNamed(ctx: Context, domain: Domain, text: string): Promise<NamespaceRecord> {
  const { db } = ctx.store
  const byName = await findNamespace(db, domain.id, { regionId: text })
  if (byName) return byName
  const byNumber = /^\d{1,15}$/.test(text)
    ? await findNamespace(db, domain.id, { id: Number(text) })
    : undefined
  return byNumber ?? notThere('namespace', text)
}

/** A namespace and its keys, without what is secret of them. */
export async function shownNamespace(ctx: Context, domain: Domain, namespace: NamespaceRecord) {
  const keys = await listNamespaceKeys(ctx.store.db, namespace.id, ctx.now())
  const { id, regionId, name, description, tenantId, registryType, mse, createdAt } = namespace
  return {
    id,
    namespace: regionId,
    name,
    description,
    account: await accountNumberOf(ctx, domain.id),
    tenant: tenantId,
    registry: registryType,
    ...(registryType === 'default' ? {} : { mse }),
    created: dated(createdAt),
    keys: keys.map((key) => ({
      accessKey: key.accessKey,
      created: dated(key.createdAt),
      goodUntil: dated(key.expiresAt),
      lastUsed: dated(key.lastUsedAt),
    })),
  }
}

/** Microseconds as an ISO time to the second; null stays null. */
export function dated(micros: number | null): string | null {
  return micros === null ? null : new Date(micros / 1000).toISOString().replace(/\.\d+/, '')
}
