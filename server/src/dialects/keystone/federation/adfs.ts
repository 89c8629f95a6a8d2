/**
 * Sign-in by WS-Trust (AD FS; keystoneauth's `v3adfspassword`). The program posts its provider's answer here in the form of
 * WS-Federation (`wa`, `wresult`) and is sent on to the door with a cookie. In Keystone an Apache module has such a place.
 */
import { refuse } from '../../../core/refusal.ts'
import type { DoorIds } from '../../../flows/federated-login.ts'
import { PASS_SECONDS, takeTokenResponse } from '../../../flows/token-response-login.ts'
import type { Incoming } from '../../../http/operation.ts'
import { publicOperation } from '../operation.ts'
import { type BrowserCookie, readCookie, setCookie } from './browser-cookie.ts'
import { doorIdsOf } from './federation-ids.ts'
import { formField } from './form.ts'
import { ownEntity, REFUSALS, SSO } from './saml-entity.ts'

const pathOf = ({ idpId, protocolId }: DoorIds): string =>
  `${encodeURIComponent(idpId)}/protocols/${encodeURIComponent(protocolId)}`

/** Sent to one door and nowhere else. */
const cookieOf = (ids: DoorIds): BrowserCookie => ({
  name: 'tokenhouse-adfs',
  path: `/v3/OS-FEDERATION/identity_providers/${pathOf(ids)}/auth`,
})

export const adfsOperation = publicOperation({
  id: 'adfs_post',
  method: 'POST',
  path: `${SSO}/ADFS/identity_providers/:idp_id/protocols/:protocol_id`,
  policy: 'public',
  success: 302,
  refusals: [...REFUSALS],
  handle: async (call) => {
    const ids = doorIdsOf(call)
    if (formField(call, 'wa') !== 'wsignin1.0') {
      refuse('bad_request', 'another act than a sign-in', { message: 'The field wa is not wsignin1.0.' })
    }
    const { entityId } = ownEntity(call)
    const audiences = [entityId, `${entityId}${SSO}/ADFS/identity_providers/${pathOf(ids)}`]
    const brought = { xml: formField(call, 'wresult'), audiences }
    const note = await takeTokenResponse(call.ctx, ids, brought, call)
    const cookie = cookieOf(ids)
    return {
      headers: {
        location: `${entityId}${cookie.path}`,
        'cache-control': 'no-store',
        'set-cookie': setCookie(cookie, call, note, PASS_SECONDS),
      },
    }
  },
})

/** The note of a program that was at the consumer; undefined when it brings none. */
export function noteOf(call: Incoming): string | undefined {
  return readCookie(cookieOf(doorIdsOf(call)), call)
}

/** The `Set-Cookie` that takes the note away. */
export function withoutNote(call: Incoming): string {
  return setCookie(cookieOf(doorIdsOf(call)), call, '', 0)
}
