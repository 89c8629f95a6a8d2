// @ts-nocheck: runs in a folder of its own, where its package is installed.
// The identity provider: oidc-provider (npm), as its documentation sets it up, on a port of loopback.
//   node provider.mjs PORT REDIRECT_URI
// User `bob`, any password. Clients: `tokenhouse` (browser, introspection), `cli` (a program's own, and its user's name and
// password), `foreign` (somebody else's program).
import { Provider } from 'oidc-provider'

const [port, redirectUri] = process.argv.slice(2)
const issuer = `http://127.0.0.1:${port}`
const programs = { redirect_uris: [], response_types: [], token_endpoint_auth_method: 'client_secret_basic' }
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'tokenhouse',
      client_secret: 'tokenhouse-secret',
      redirect_uris: [redirectUri, 'http://127.0.0.1/done'],
      grant_types: ['authorization_code'],
    },
    {
      ...programs,
      client_id: 'cli',
      client_secret: 'cli-secret',
      grant_types: ['client_credentials', 'password'],
    },
    {
      ...programs,
      client_id: 'foreign',
      client_secret: 'foreign-secret',
      grant_types: ['client_credentials', 'password'],
    },
  ],
  features: {
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: async () => true },
    devInteractions: { enabled: true },
  },
  claims: { openid: ['sub'], profile: ['groups', 'name'] },
  scopes: ['openid', 'profile'],
  pkce: { required: () => false },
  findAccount: async (_ctx, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, name: `${id} of Acme`, groups: ['staff', 'devs'] }),
  }),
})
// Not part of OpenID Connect any more, but of what keystoneauth speaks.
provider.registerGrantType(
  'password',
  async (ctx) => {
    const { username, scope } = ctx.oidc.params
    const { client } = ctx.oidc
    const grant = new provider.Grant({ accountId: username, clientId: client.clientId })
    grant.addOIDCScope(scope)
    const token = new provider.AccessToken({
      accountId: username,
      client,
      grantId: await grant.save(),
      gty: 'password',
      scope,
    })
    const idToken = new provider.IdToken({ sub: username }, { ctx })
    idToken.scope = 'openid'
    ctx.body = {
      access_token: await token.save(),
      id_token: await idToken.issue({ use: 'idtoken' }),
      expires_in: 3600,
      token_type: 'Bearer',
      scope,
    }
  },
  ['username', 'password', 'scope'],
)
provider.listen(Number(port), '127.0.0.1', () => console.log(`ready ${issuer}`))
