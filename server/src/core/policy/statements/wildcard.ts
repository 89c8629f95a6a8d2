/**
 * Whether `text` is matched by `pattern`, in which `*` stands for any run of characters (also none) and `?` for one.
 * Linear in the text for each star, without regular expressions: a pattern from a policy cannot make it slow.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let resume = 0
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++
      resume = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/**
 * Whether an ARN or URN is matched part by part: only the first four colons divide (`acs:edas:region:account:rest`), so
 * that a `*` in one part never swallows the next and the rest may itself hold colons.
 */
export function matchesResource(pattern: string, resource: string): boolean {
  if (pattern === '*') return true
  const wanted = divide(pattern)
  const given = divide(resource)
  if (wanted.length !== given.length) return matchesWildcard(pattern, resource)
  return wanted.every((part, i) => matchesWildcard(part, given[i] ?? ''))
}

function divide(name: string): readonly string[] {
  const parts: string[] = []
  let rest = name
  while (parts.length < 4) {
    const colon = rest.indexOf(':')
    if (colon === -1) break
    parts.push(rest.slice(0, colon))
    rest = rest.slice(colon + 1)
  }
  return [...parts, rest]
}
