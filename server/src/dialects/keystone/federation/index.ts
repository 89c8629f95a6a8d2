import { idTokenOperation } from './id-token.ts'
import { identityProviderOperations } from './identity-providers.ts'
import { previewOperation } from './mapping-preview.ts'
import { mappingOperations } from './mappings.ts'
import { oidcConfigOperations } from './oidc-config.ts'
import { protocolOperations } from './protocols.ts'
import { samlOperations } from './saml.ts'
import { saml2Operations } from './saml2.ts'
import { serviceProviderOperations } from './service-providers.ts'
import { type SignInOptions, signInOperations } from './sign-in.ts'
import { webssoOperations } from './websso.ts'

/** Everything under OS-FEDERATION, for a face that shows tokens as `options` say. */
export const federationOperations = (options: SignInOptions) => [
  ...(options.accountScopes ? [idTokenOperation(options)] : []),
  ...identityProviderOperations(options),
  ...mappingOperations(options),
  previewOperation,
  ...oidcConfigOperations,
  ...protocolOperations,
  ...saml2Operations,
  ...samlOperations(options),
  ...serviceProviderOperations,
  ...signInOperations(options),
  ...webssoOperations(options),
]
