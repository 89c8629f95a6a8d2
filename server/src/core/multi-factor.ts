/** Which factors a user has to show, from the user's options (Keystone's multi-factor rules). Pure. */

/**
 * The rules that a sign-in by `methods` leaves unmet, or undefined when it is good enough: no rules, rules switched off,
 * or one of them met. Of each rule only the methods this server `offers` count, so that closing a method locks nobody
 * out. Given back are the rules that what was shown is a part of: the ways to go on.
 */
export function unmetFactors(
  options: Readonly<Record<string, unknown>>,
  methods: readonly string[],
  offered: readonly string[],
): readonly (readonly string[])[] | undefined {
  const rules = rulesOf(options).map((rule) => rule.filter((method) => offered.includes(method)))
  if (rules.length === 0 || options['multi_factor_auth_enabled'] === false) return undefined
  const shown = new Set(methods)
  if (rules.some((rule) => rule.every((method) => shown.has(method)))) return undefined
  return rules.filter((rule) => rule.some((method) => shown.has(method)))
}

/** Rules as stored: what is not a list of names is none. */
function rulesOf(options: Readonly<Record<string, unknown>>): readonly (readonly string[])[] {
  const rules = options['multi_factor_auth_rules']
  if (!Array.isArray(rules)) return []
  return rules.filter(
    (rule): rule is string[] =>
      Array.isArray(rule) && rule.length > 0 && rule.every((method) => typeof method === 'string'),
  )
}
