import { refuse } from '../../../core/refusal.ts'
import type { DoorIds } from '../../../flows/federated-login.ts'
import type { Incoming } from '../../../http/operation.ts'

/** Which protocol of which provider a path means. */
export const doorIdsOf = ({ params }: Pick<Incoming, 'params'>): DoorIds => ({
  idpId: params['idp_id'] ?? '',
  protocolId: params['protocol_id'] ?? '',
})

/** Ids of federation's resources are chosen by who makes them; they travel in tokens, so they are short. */
export function demandShortId(id: string): string {
  if (id.length > 0 && id.length <= 64) return id
  return refuse('bad_request', 'id in the path', { message: 'The id must have 1 to 64 characters.' })
}
