/**
 * One of the two servers under comparison: its address, the variables its steps have saved so far, and how a step
 * becomes an HTTP call on it.
 */
import { request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import type { Step } from './step.ts'

export type Side = {
  readonly base: string
  readonly vars: Record<string, string>
  /**
   * Asks once more when an answer was waited for in vain: the reference now and then runs into a lock of its own on SQLite,
   * and hangs up after five seconds. What is tested has to answer at once.
   */
  readonly patient: boolean
}

export type Answer = {
  /** 0 when the server closed the connection without an answer. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** Parsed body, when it is JSON. */
  readonly json: unknown
  readonly sent: {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }
}

/** Fills `{name}` in every string of a value; a name nobody saved stays readable as `missing-name`. */
export const fill = <T>(value: T, vars: Readonly<Record<string, string>>): T => {
  if (typeof value === 'string')
    return value.replace(/\{([a-z]\w*)\}/g, (_, name: string) => vars[name] ?? `missing-${name}`) as T
  if (Array.isArray(value)) return value.map((item) => fill(item, vars)) as T
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [fill(key, vars), fill(item, vars)]),
    ) as T
  return value
}

/** Reads `users.0.id` out of a parsed body. */
export const pick = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (at, key) => (at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[key] : undefined),
      value,
    )

/** Percent-encodes only what a request line cannot hold. */
const escapePath = (path: string): string => path.replace(/[^\x21-\x7e]/gu, encodeURIComponent)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const send = (base: string, sent: Answer['sent']): Promise<Answer> =>
  new Promise((resolve) => {
    const url = new URL(base)
    const req = request({
      host: url.hostname,
      port: url.port,
      method: sent.method,
      path: sent.path,
      headers: {
        ...sent.headers,
        ...(sent.body === '' ? {} : { 'content-length': Buffer.byteLength(sent.body) }),
      },
    })
    req.on('response', (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const headers = Object.fromEntries(
          Object.entries(res.headers).map(([k, v]) => [k, Array.isArray(v) ? v.join(', ') : (v ?? '')]),
        )
        resolve({ status: res.statusCode ?? 0, headers, text, json: parse(text), sent })
      })
    })
    req.on('error', (error) =>
      resolve({ status: 0, headers: {}, text: `no answer: ${error.message}`, json: undefined, sent }),
    )
    req.end(sent.body)
  })

const saved = (answer: Answer, where: string): unknown => {
  if (where.startsWith('header:')) return answer.headers[where.slice(7)]
  if (where.startsWith('form:')) return new URLSearchParams(answer.text).get(where.slice(5)) ?? undefined
  return pick(answer.json, where)
}

/** Sends a step and saves what it asks for into the side's variables. */
export const perform = async (side: Side, step: Step): Promise<Answer> => {
  if (step.prepare) Object.assign(side.vars, step.prepare(side.vars, side.base))
  const vars: Record<string, string> = { ...side.vars, base: side.base }
  const body =
    step.raw !== undefined
      ? fill(step.raw, vars)
      : step.body === undefined
        ? ''
        : JSON.stringify(fill(step.body, vars))
  const headers: Record<string, string> = { accept: 'application/json', ...fill(step.headers ?? {}, vars) }
  if (body !== '' && headers['content-type'] === undefined) headers['content-type'] = 'application/json'
  if (headers['content-type'] === '') delete headers['content-type']
  if (step.as !== null) headers['x-auth-token'] = vars[step.as] ?? `missing-${step.as}`
  const sent = { method: step.method, path: escapePath(fill(step.path, vars)), headers, body }
  const begun = performance.now()
  let answer = await send(side.base, sent)
  const waited = performance.now() - begun > 3000
  if (answer.status === 0 && side.patient && waited) answer = await send(side.base, sent)
  for (const [name, where] of Object.entries(step.save ?? {})) {
    const value = saved(answer, where)
    if (typeof value === 'string') side.vars[name] = value
  }
  if (step.wait) await setTimeout(step.wait)
  return answer
}
