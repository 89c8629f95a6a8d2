/** What this house makes of a response, at one fixed time and place, for tests. */
import assert from 'node:assert/strict'
import { SamlFault } from '../methods/saml/document.ts'
import { type ProviderMetadata, readMetadata } from '../methods/saml/metadata.ts'
import { type VerifiedSaml, verifySaml } from '../methods/saml/verify.ts'
import { type SamlAnswer, samlMetadata, samlResponse } from './saml-idp.ts'

export const NOW = 1_800_000_000
export const US = 'http://tokenhouse.test:5000'
export const ACS = `${US}/acs`
const idp = await readMetadata(samlMetadata())

/** A response of the provider that is good there and then, but for `more`. */
export function answer(more: Partial<SamlAnswer> = {}): string {
  return samlResponse({ now: NOW, recipient: ACS, attributes: { groups: ['staff'] }, ...more })
}

export interface Circumstances {
  readonly provider?: ProviderMetadata
  readonly inResponseTo?: string | null
  readonly keys?: readonly string[]
  /** Seconds. */
  readonly now?: number
}

/** What it proves, or a `SamlFault`. */
export function verify(xml: string, more: Circumstances = {}): Promise<VerifiedSaml> {
  const { provider = idp, inResponseTo = null, keys = [], now = NOW } = more
  return verifySaml(xml, { provider, audience: US, recipient: ACS, inResponseTo, keys, now: now * 1e6 })
}

/** Holds that it proves nothing, for a reason like `why`; anything but a `SamlFault` is a fault of ours. */
export async function refused(xml: string, why = /(?:)/, more: Circumstances = {}): Promise<void> {
  await assert.rejects(verify(xml, more), (error: Error) => {
    assert.ok(error instanceof SamlFault, `${error.stack}`)
    assert.match(error.message, why)
    return true
  })
}
