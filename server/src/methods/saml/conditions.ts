/** When and for whom an assertion counts: the same in SAML 1.1 (Core 2.3.2) and SAML 2.0 (Core 2.5), but for names. */
import { children, type Element, SAML, SAML1, SamlFault, textOf } from './document.ts'

/** Seconds that two clocks may differ. */
export const SKEW = 60

export interface Reader {
  /** Names of ours: an assertion has to be for one of them. */
  readonly audiences: readonly string[]
  /** Seconds. */
  readonly seconds: number
}

/** What is understood: an assertion under any other condition is worth nothing (Core 2.5.1.1; 1.1: Core 2.3.2.1). */
const KNOWN = {
  [SAML]: ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'],
  [SAML1]: ['AudienceRestrictionCondition', 'DoNotCacheCondition'],
}

/**
 * Until when an assertion counts, in seconds (infinity: it does not say). Throws a `SamlFault` for one that does not count
 * now, is for somebody else, or for anybody, and for a condition that is not known.
 */
export function demandConditions(assertion: Element, { audiences, seconds }: Reader): number {
  const namespace = assertion.namespaceURI === SAML1 ? SAML1 : SAML
  const restriction = namespace === SAML1 ? 'AudienceRestrictionCondition' : 'AudienceRestriction'
  const [conditions, ...others] = children(assertion, namespace, 'Conditions')
  if (!conditions || others.length > 0) throw new SamlFault('no Conditions')
  for (const condition of children(conditions, '*', '*')) {
    const isKnown =
      condition.namespaceURI === namespace && KNOWN[namespace].includes(condition.localName ?? '')
    if (!isKnown) throw new SamlFault('a condition that is not known')
  }
  const notBefore = conditions.getAttribute('NotBefore')
  if (notBefore && timeOf(notBefore) - SKEW > seconds) throw new SamlFault('not yet')
  const notOnOrAfter = conditions.getAttribute('NotOnOrAfter')
  const end = notOnOrAfter ? timeOf(notOnOrAfter) : Number.POSITIVE_INFINITY
  if (end + SKEW <= seconds) throw new SamlFault('expired')
  const restrictions = children(conditions, namespace, restriction)
  if (restrictions.length === 0) throw new SamlFault('for anybody')
  for (const each of restrictions) {
    const named = children(each, namespace, 'Audience').map(textOf)
    if (!named.some((audience) => audiences.includes(audience))) throw new SamlFault('for', named.join(', '))
  }
  return end
}

/** Seconds of an xs:dateTime; refuses what is none. */
export function timeOf(text: string): number {
  const millis = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (Number.isNaN(millis)) throw new SamlFault('time', text)
  return Math.floor(millis / 1000)
}
