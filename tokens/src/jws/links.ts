import type { Link } from '../claims.ts'
import { Malformed } from '../refused.ts'
import { asArray, asRecord, asString } from './json.ts'

/** Members of a link of each kind, besides `kind`. */
const members: {
  readonly [K in Link['kind']]: readonly Exclude<keyof Extract<Link, { kind: K }>, 'kind'>[]
} = {
  trust: ['id'],
  application_credential: ['id'],
  oauth1: ['id'],
  oauth2: ['thumbprint'],
  federation: ['idp', 'protocol', 'groups'],
  credential: ['id'],
  access_key: ['id'],
  agency: ['id', 'assumedBy', 'session'],
}

/**
 * A link from JSON: as many members as its kind has, `groups` an array. Throws Malformed otherwise. Whether the members
 * are the right ones, and texts, is `claimsFault`'s to say.
 */
export function readLink(value: unknown): Link {
  const link = asRecord(value)
  const kind = asString(link['kind'])
  const names = Object.hasOwn(members, kind) ? members[kind as Link['kind']] : undefined
  if (names === undefined) throw new Malformed('link of a kind we do not know')
  if (Object.keys(link).length !== names.length + 1) throw new Malformed('link with other members')
  if (kind === 'federation') asArray(link['groups'])
  return link as unknown as Link
}
