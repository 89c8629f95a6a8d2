import type { Assertion } from '../../core/federation/mapping.ts'

const MOST_CLAIMS = 256

/**
 * Claims as a mapping sees them: texts, numbers and truth values as texts, arrays as several values, objects one level
 * down by `name.inner` (and whole, as JSON). Each under its own name, as `OIDC-<name>`, and as `HTTP_OIDC_<NAME>`: the names
 * rules know from the Apache module that does the same.
 */
export function assertionOf(claims: Readonly<Record<string, unknown>>): Assertion {
  const assertion: Record<string, readonly string[]> = Object.create(null)
  const add = (name: string, value: unknown): void => {
    const values = [value]
      .flat()
      .map(textOf)
      .filter((text) => text !== undefined)
    // A claim that is called like an alias would stand for another claim.
    if (values.length === 0 || /^(HTTP_)?OIDC[-_]/i.test(name)) return
    for (const key of [
      name,
      `OIDC-${name}`,
      `HTTP_OIDC_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`,
    ]) {
      assertion[key] ??= values
    }
  }
  for (const [name, value] of Object.entries(claims).slice(0, MOST_CLAIMS)) {
    add(name, value)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue
    for (const [inner, item] of Object.entries(value).slice(0, MOST_CLAIMS)) add(`${name}.${inner}`, item)
  }
  return assertion
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return undefined
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
