/** Random mappings and assertions, the same for the same seed. Most rules apply, some cannot, some are malformed. */

export interface Case {
  readonly rules: readonly unknown[]
  readonly assertion: Readonly<Record<string, readonly string[]>>
}

type Random = () => number

/** mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const TYPES = ['UserName', 'Email', 'Groups', 'orgPersonType', 'OIDC-sub', 'Empty', 'Absent']
// Values that look like Python lists, hold `;` or the words `name` and `domain` are read otherwise on purpose: see
// core/federation/mapping.ts. They have their own tests.
const VALUES = [
  'bob',
  'alice',
  "o'hara",
  'a"b',
  'x y',
  'admins',
  'devs',
  'Customer',
  'täst',
  'back\\slash',
  '1',
  'ADMIN',
  'dev-ops',
  '',
]
const PATTERNS = ['^dev', 'min', 's$', '^(bob|alice)$', '(?i)admin', '[a-d]', '\\d', 'x\\sy', '^$', 'o.hara']
const TEMPLATES = [
  '{0}',
  '{1}',
  'fixed',
  '{0}-{1}',
  'u_{0}',
  '{{{0}}}',
  '{}',
  "['g1', 'g2']",
  '["g3"]',
  '[]',
  '{0}{0}',
]

export function casesFrom(seed: number, count: number): readonly Case[] {
  const random = randomFrom(seed)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const chance = (p: number): boolean => random() < p
  const several = <T>(least: number, most: number, make: () => T): T[] =>
    Array.from({ length: least + Math.floor(random() * (most - least + 1)) }, make)

  const remote = () => {
    const type = chance(0.96) ? pick(TYPES.slice(0, 5)) : pick(TYPES)
    if (chance(0.65)) return { type }
    const regex = chance(0.4)
    const list = several(0, 3, () => pick(regex ? PATTERNS : VALUES))
    const condition = pick(['any_one_of', 'not_any_of', 'blacklist', 'whitelist'])
    const both = chance(0.02) ? { not_any_of: [] } : {}
    return { type, [condition]: list, ...both, ...(regex || chance(0.1) ? { regex } : {}) }
  }
  const domain = () => pick([{ id: 'd1' }, { name: 'D2' }, { id: '{0}' }, { name: 'D{1}' }, {}])
  const local = (): Record<string, unknown> => {
    const made: Record<string, unknown> = {}
    if (chance(0.6)) {
      made['user'] = {
        ...(chance(0.8) ? { name: pick(TEMPLATES) } : {}),
        ...(chance(0.2) ? { id: pick(TEMPLATES) } : {}),
        ...(chance(0.2) ? { email: pick(TEMPLATES) } : {}),
        ...(chance(0.2)
          ? { type: pick(['local', 'ephemeral', 'ephemeral', chance(0.1) ? 'nope' : 'local']) }
          : {}),
        ...(chance(0.2) ? { domain: domain() } : {}),
      }
    }
    if (chance(0.3))
      made['group'] = chance(0.5) ? { id: pick(TEMPLATES) } : { name: pick(TEMPLATES), domain: domain() }
    if (chance(0.35)) {
      made['groups'] = pick(TEMPLATES)
      if (chance(0.9)) made['domain'] = domain()
    }
    if (chance(0.2)) made['group_ids'] = pick(TEMPLATES)
    if (chance(0.15)) {
      made['projects'] = several(0, 2, () => ({
        name: pick(TEMPLATES),
        roles: several(0, 2, () => ({ name: pick(['member', 'reader', '{0}']) })),
      }))
    }
    if (chance(0.01)) made['nope'] = 1
    return made
  }
  return Array.from({ length: count }, () => {
    const assertion: Record<string, string[]> = {}
    for (const type of TYPES.slice(0, 5))
      if (chance(0.85)) assertion[type] = several(1, 3, () => pick(VALUES))
    if (chance(0.3)) assertion['Empty'] = ['']
    return {
      rules: several(chance(0.02) ? 0 : 1, 3, () => ({
        local: several(chance(0.05) ? 0 : 1, 2, local),
        remote: several(chance(0.02) ? 0 : 2, 4, remote),
      })),
      assertion,
    }
  })
}
