import assert from 'node:assert/strict'
import type { House } from './house.ts'

/** A provider that a house knows by its metadata. */
export interface KnownProvider {
  readonly id: string
  readonly protocol: string
  readonly metadata: string
}

/** Makes a provider with one protocol on mapping `m` known by API, as an administrator with `token` does. */
export async function makeSamlProvider(house: House, token: string, known: KnownProvider): Promise<void> {
  const path = `/OS-FEDERATION/identity_providers/${known.id}`
  const own = `${path}/protocols/${known.protocol}`
  await house.call('PUT', `/v3${path}`, { token, body: { identity_provider: { enabled: true } } })
  await house.call('PUT', `/v3${own}`, { token, body: { protocol: { mapping_id: 'm' } } })
  const body = { metadata: known.metadata }
  const made = await house.call('POST', `/v3-ext${own}/metadata`, { token, body })
  assert.equal(made.status, 201, made.text)
}
