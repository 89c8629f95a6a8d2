import type { Operation } from '../operation.ts'
import { oidcProviderPartOperations } from './oidc-provider-parts.ts'
import { oidcProviderOperations } from './oidc-providers.ts'

/** Every operation of IMS (2019-08-15) that is spoken here: those about OIDC identity providers. */
export const imsOperations: readonly Operation[] = [...oidcProviderOperations, ...oidcProviderPartOperations]
