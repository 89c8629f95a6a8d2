/** The headers that every operation of CSE takes: what they may hold, and what holds without them. */
import { enterpriseProjectOf, namespaceOf } from '../../core/engine-rules.ts'
import { refuse } from '../../core/refusal.ts'
import type { Incoming } from '../../http/operation.ts'

export interface CseHeaders {
  readonly projectId: string
  readonly enterpriseProjectId: string
  /** '' is the public one. */
  readonly namespace: string
}

/** No two runs of spaces side by side: a long one before something else would be cut up in every way there is. */
const JSON_TYPE = /^\s*application\/json\s*(?:;\s*(?:charset\s*=\s*"?utf-8"?\s*(?:;\s*)?)?)?$/i
const JSON_RANGE = /^\s*(?:application\/json|application\/\*|\*\/\*)\s*(?:;.*)?$/i
/** "Not this one", in RFC 9110's words. */
const NEVER = /;\s*q\s*=\s*0(?:\.0{0,3})?\s*(?:;|$)/i

/** What X-Enterprise-Project-ID says for all of them, where a list is asked for. */
export const ALL_ENTERPRISE_PROJECTS = 'all_granted_eps'

/**
 * Reads X-Enterprise-Project-ID (default 0), X-Namespace-ID, Content-Type, Accept and the project of the path. Refuses
 * `bad_request`, naming what is wrong. Content-Type and Accept may be left out, as HTTP has it, but say nothing else
 * than JSON. `all` says that ALL_ENTERPRISE_PROJECTS is taken.
 */
export function readHeaders(
  { headers, params }: Pick<Incoming, 'headers' | 'params'>,
  { all = false } = {},
): CseHeaders {
  const projectId = params['project_id'] ?? ''
  if (projectId.length < 1 || projectId.length > 64) bad('project_id')
  const { 'content-type': type, accept } = headers
  if (type !== undefined && !JSON_TYPE.test(type)) bad('Content-Type')
  if (
    accept !== undefined &&
    !accept.split(',').some((range) => JSON_RANGE.test(range) && !NEVER.test(range))
  )
    bad('Accept')
  const said = one(headers['x-enterprise-project-id'])
  const enterpriseProjectId = all && said === ALL_ENTERPRISE_PROJECTS ? said : enterpriseProjectOf(said)
  const namespace = namespaceOf(one(headers['x-namespace-id']))
  return {
    projectId,
    enterpriseProjectId: enterpriseProjectId ?? bad('X-Enterprise-Project-ID'),
    namespace: namespace ?? bad('X-Namespace-ID'),
  }
}

const one = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value

function bad(what: string): never {
  return refuse('bad_request', `header ${what}`, { message: `The value of ${what} is not valid.` })
}
