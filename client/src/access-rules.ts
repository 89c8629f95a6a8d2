/**
 * Access rules of application credentials: a token made from a restricted credential may call only what its rules
 * name. The token service hands the rules out; only the service that is called can hold them.
 * Facts: Keystone API v3, "Application Credentials"; keystonemiddleware's matching.
 *
 * Differences to keystonemiddleware, all on the strict side: characters of a pattern are taken literally (a dot is a
 * dot); a path with dot segments, semicolons, backslashes or bad escapes matches no rule: routers disagree on what it names;
 * a service token lifts the rules only when it is valid and carries a service role.
 */

export interface AccessRule {
  /** Service type in the catalog, such as `compute`. */
  readonly service: string
  readonly method: string
  /** `*` and `{name}` stand for one path segment, `**` for anything. */
  readonly path: string
}

export interface CalledOperation {
  readonly serviceType: string | undefined
  readonly method: string
  /** The path without query, still percent-encoded. */
  readonly path: string
}

/** Whether one of the rules covers the operation. Without a service type nothing is covered: it cannot be compared. */
export function isAllowedBy(rules: readonly AccessRule[], called: CalledOperation): boolean {
  const { serviceType, method, path } = called
  if (serviceType === undefined) return false
  const plain = plainPath(path)
  if (plain === undefined) return false
  return rules.some(
    (rule) => rule.service === serviceType && rule.method === method && pathMatches(plain, rule.path),
  )
}

/**
 * The percent-decoded path, or undefined when routers could disagree about what it names: dot segments, semicolons (where
 * Fastify's query may begin, and servlet containers leave out what follows in a segment, going up at `/..;a/`), backslashes,
 * a fragment, bad escapes, a leading `//` (which URL parsers take for a host), or no leading slash at all.
 */
export function plainPath(path: string): string | undefined {
  if (!path.startsWith('/') || path.startsWith('//')) return undefined
  const decoded = percentDecoded(path)
  if (decoded === undefined || /[\\#;\x00-\x1f]/.test(decoded) || /(^|\/)\.{1,2}(\/|$)/.test(decoded))
    return undefined
  return decoded
}

/** The part of a request target before the query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}

/**
 * Matches in time proportional to pattern times path, whatever the pattern: the patterns are written by users, and a
 * backtracking regular expression would let one stop the service.
 */
function pathMatches(path: string, pattern: string): boolean {
  let reached = new Uint8Array(path.length + 1)
  reached[0] = 1
  for (const part of pattern.match(/\{[^}]*\}|\*\*|\*|[^{*]+|\{/g) ?? []) {
    if (part === '**') reached = afterAnything(reached)
    else if (part === '*' || (part.startsWith('{') && part.endsWith('}')))
      reached = afterSegment(reached, path)
    else reached = afterLiteral(reached, path, percentDecoded(part) ?? part)
  }
  return reached[path.length] === 1
}

function afterAnything(reached: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const first = reached.indexOf(1)
  return first === -1 ? reached : reached.fill(1, first)
}

function afterSegment(reached: Uint8Array<ArrayBuffer>, path: string): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(reached.length)
  for (let at = 0; at < path.length; at++) {
    if (path[at] !== '/' && (reached[at] === 1 || next[at] === 1)) next[at + 1] = 1
  }
  return next
}

function afterLiteral(
  reached: Uint8Array<ArrayBuffer>,
  path: string,
  literal: string,
): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(reached.length)
  for (let at = 0; at + literal.length < reached.length; at++) {
    if (reached[at] === 1 && path.startsWith(literal, at)) next[at + literal.length] = 1
  }
  return next
}

function percentDecoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}

/** Reads `application_credential.access_rules`; absent is undefined (no restriction), anything odd is `unreadable`. */
export function readAccessRules(value: unknown): readonly AccessRule[] | undefined | 'unreadable' {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) return 'unreadable'
  const rules: AccessRule[] = []
  for (const entry of value as readonly unknown[]) {
    if (typeof entry !== 'object' || entry === null) return 'unreadable'
    const { service, method, path } = entry as Record<string, unknown>
    if (typeof service !== 'string' || typeof method !== 'string' || typeof path !== 'string')
      return 'unreadable'
    rules.push({ service, method, path })
  }
  return rules
}
