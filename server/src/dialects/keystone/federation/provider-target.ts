/** Whose a provider is, for the rules of who may: the account's it is in, unless the cloud's own mappings are used there. */
import type { Context } from '../../../context.ts'
import type { PolicyTarget } from '../../../http/operation.ts'
import { findIdentityProvider, type IdentityProvider } from '../../../store/identity-providers.ts'
import { usesOnlyMappingsOf } from '../../../store/mappings.ts'
import type { Call } from '../operation.ts'

export interface LoadedProvider {
  readonly provider: IdentityProvider
  readonly isClouds: boolean
}

export async function loadProvider({
  ctx,
  params,
}: Pick<Call, 'ctx' | 'params'>): Promise<LoadedProvider | undefined> {
  return findWithOwner(ctx, params['idp_id'] ?? '')
}

async function findWithOwner(ctx: Context, id: string): Promise<LoadedProvider | undefined> {
  const { db } = ctx.store
  const provider = await findIdentityProvider(db, id)
  if (!provider) return undefined
  return { provider, isClouds: !(await usesOnlyMappingsOf(db, id, provider.domainId)) }
}

export function providerTarget(loaded: LoadedProvider | undefined): PolicyTarget {
  if (!loaded) return {}
  return {
    'target.identity_provider.domain_id': loaded.provider.domainId,
    'target.identity_provider.is_clouds': loaded.isClouds,
  }
}

/** Of every operation on what belongs to one provider. */
export const ofProvider = { load: loadProvider, target: providerTarget } as const
