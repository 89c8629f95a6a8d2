/**
 * Makes two servers' answers comparable: ids, tokens, times, links and the run's own mark are replaced by names that
 * depend only on where they first appeared. One `Memory` belongs to one side and lives for one family.
 */
import type { Answer } from './side.ts'
import type { Step } from './step.ts'

export type Memory = {
  readonly base: string
  readonly tag: string
  readonly names: Map<string, string>
  /** Where a value first appeared names it: an odd answer does not rename what later ones hold. */
  step: number
  counter: number
}

export type Normal = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

export const newMemory = (base: string, tag: string): Memory => ({
  base,
  tag,
  names: new Map(),
  step: 0,
  counter: 0,
})

/** Gives the value of a saved variable its variable's name. */
export const learn = (memory: Memory, name: string, value: string): void => {
  if (value.length >= 16 && !memory.names.has(value)) memory.names.set(value, `<${name}>`)
}

const numbered = (memory: Memory, kind: string, value: string, peek: boolean): string => {
  const known = memory.names.get(value)
  if (known) return known
  if (peek) return `<${kind} ?>`
  memory.counter += 1
  const name = `<${kind} ${memory.step}.${memory.counter}>`
  memory.names.set(value, name)
  return name
}

/** A time becomes its distance from now, in words: `<now>`, `<+60min>`; its written form stays visible. */
const timeName = (text: string): string => {
  const utc = /Z$|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`
  const seconds = (Date.parse(utc) - Date.now()) / 1000
  const form = text
    .replace(/^\d{4}-\d\d-\d\d/, 'D')
    .replace(/\d\d:\d\d:\d\d/, 't')
    .replace(/\.000000/, '.000000')
    .replace(/\.(?!000000)\d+/, (fraction) => `.${'f'.repeat(fraction.length - 1)}`)
  if (Math.abs(seconds) < 45) return `<now ${form}>`
  const minutes = Math.round(seconds / 60)
  return `<${minutes > 0 ? '+' : ''}${Math.abs(minutes) > 1e6 ? 'far' : `${minutes}min`} ${form}>`
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?/g
const fixedTimes = new Set(['2020-04-07T00:00:00Z'])

const normalText = (memory: Memory, text: string, peek = false): string =>
  text
    .replaceAll(memory.base, '<base>')
    .replaceAll(memory.tag, '<tag>')
    .replace(/gAAAA[\w=-]{40,}/g, (token) => memory.names.get(token) ?? '<token>')
    .replace(/req-[0-9a-f]{8}-[0-9a-f-]{27}/g, '<request-id>')
    .replace(/\b[0-9a-f]{64}\b/g, (hash) => numbered(memory, 'hash', hash, peek))
    .replace(/\b[0-9a-f]{32}\b/g, (id) => numbered(memory, 'id', id, peek))
    .replace(TIME, (time) => (fixedTimes.has(time) ? time : timeName(time)))

/** Keys whose value is random text of no fixed alphabet: only its length is compared. */
const opaque = new Set(['secret', 'audit_id', 'audit_chain_id', 'oauth_verifier'])

const builtIn = new Set([
  'admin',
  'Default',
  'default',
  'RegionOne',
  'keystone',
  'identity',
  'member',
  'reader',
  'manager',
  'service',
])

/** Whether a list element was made by this run, or is one that every server has: all ids in it are known. */
const isOwn = (memory: Memory, item: unknown): boolean => {
  if (item === null || typeof item !== 'object') return true
  const { id, name } = item as { id?: unknown; name?: unknown }
  if (typeof name === 'string' && builtIn.has(name)) return true
  if (typeof id === 'string' && builtIn.has(id)) return true
  const text = JSON.stringify(item)
  if (text.includes(memory.tag)) return true
  const ids = text.match(/\b(?:[0-9a-f]{64}|[0-9a-f]{32})\b/g) ?? []
  return ids.length > 0 && ids.every((value) => memory.names.has(value))
}

/** Keys whose arrays a server shares among all its users. */
const shared = new Set(['catalog', 'revoked', 'service_providers'])

/** A key that is there only because of what others made. */
const onlyOthers = (memory: Memory, key: string, value: unknown): boolean =>
  key === 'service_providers' &&
  Array.isArray(value) &&
  value.length > 0 &&
  !value.some((item) => isOwn(memory, item))

const normalValue = (
  memory: Memory,
  value: unknown,
  key: string,
  look: { peek: boolean; all: boolean; list: boolean },
): unknown => {
  if (typeof value === 'string') {
    if (opaque.has(key)) return `<secret of ${value.length}>`
    if (key === 'audit_ids') return numbered(memory, 'audit', value, look.peek)
    // The marker of a next page is whatever came last, not something this run has made.
    return normalText(memory, value, look.peek || key === 'next')
  }
  if (Array.isArray(value)) {
    const own = look.all || !look.list ? value : value.filter((item) => isOwn(memory, item))
    const order = (item: unknown) => JSON.stringify(normalValue(memory, item, key, { ...look, peek: true }))
    const sortable =
      key === 'tags' || key === 'methods' || own.some((item) => item !== null && typeof item === 'object')
    const sorted = sortable
      ? own
          .map((item) => ({ item, order: order(item) }))
          .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
          .map(({ item }) => item)
      : own
    return sorted.map((item) => normalValue(memory, item, key, look))
  }
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .filter(([k, item]) => look.all || !onlyOthers(memory, k, item))
        .map(([k, item]) => [
          normalText(memory, k, look.peek),
          normalValue(memory, item, k, { ...look, list: shared.has(k) || key === '' }),
        ]),
    )
  return value
}

const compared = [
  'content-type',
  'allow',
  'www-authenticate',
  'vary',
  'location',
  'access-control-allow-origin',
]
const present = ['x-subject-token', 'x-openstack-request-id', 'openstack-auth-receipt']

const normalHeaders = (memory: Memory, headers: Answer['headers']): Record<string, string> => {
  const result: Record<string, string> = {}
  for (const name of compared) {
    const value = headers[name]
    if (value === undefined) continue
    result[name] = name === 'allow' ? value.split(/, */).sort().join(', ') : normalText(memory, value)
  }
  for (const name of present) if (headers[name] !== undefined) result[name] = 'present'
  return result
}

/** The comparable form of an answer. */
export const normalise = (memory: Memory, step: Step, answer: Answer): Normal => {
  memory.step += 1
  memory.counter = 0
  return {
    status: answer.status,
    headers: normalHeaders(memory, answer.headers),
    body:
      answer.json === undefined
        ? normalText(memory, answer.text)
        : normalValue(memory, answer.json, '', { peek: false, all: step.all ?? false, list: false }),
  }
}
