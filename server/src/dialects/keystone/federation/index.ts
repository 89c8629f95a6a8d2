import { identityProviderOperations } from './identity-providers.ts'
import { mappingOperations } from './mappings.ts'
import { protocolOperations } from './protocols.ts'
import { saml2Operations } from './saml2.ts'
import { serviceProviderOperations } from './service-providers.ts'

export const federationOperations = [
  ...identityProviderOperations,
  ...mappingOperations,
  ...protocolOperations,
  ...saml2Operations,
  ...serviceProviderOperations,
]
