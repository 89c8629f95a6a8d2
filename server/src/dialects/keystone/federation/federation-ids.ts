import { refuse } from '../../../core/refusal.ts'

/** Ids of federation's resources are chosen by who makes them; they travel in tokens, so they are short. */
export function demandShortId(id: string): string {
  if (id.length > 0 && id.length <= 64) return id
  return refuse('bad_request', 'id in the path', { message: 'The id must have 1 to 64 characters.' })
}
