import { publicOperation } from '../operation.ts'

/**
 * `GET /.well-known/jwks.json`: the public halves of the keys that signed tokens (JWS, ES256) verify with, as a JWK set
 * (RFC 7517). Keystone publishes none, so its clients never ask. The minutes in `Cache-Control` are far less than a key
 * stays in the set after it was rotated.
 */
export const showKeySet = publicOperation({
  id: 'show_key_set',
  method: 'GET',
  path: '/.well-known/jwks.json',
  policy: 'public',
  success: 200,
  refusals: [],
  handle: async ({ ctx }) => ({
    headers: { 'cache-control': 'public, max-age=300' },
    body: await ctx.keys.published(),
  }),
})
