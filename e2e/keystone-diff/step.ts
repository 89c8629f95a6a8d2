/**
 * A scenario is a list of steps; a step is one HTTP call, written as data. Strings may hold `{name}`: a variable that
 * an earlier step saved (`{tag}` is the run's own mark, different on each side). This file holds the vocabulary in
 * which the families are written; it sends nothing.
 */

export type Vars = Readonly<Record<string, string>>

export type Step = {
  readonly method: string
  /** Path under the server's root, e.g. `/v3/users/{alice}`. */
  readonly path: string
  /** Variable that holds the caller's token; null sends none. */
  readonly as: string | null
  readonly body?: unknown
  /** Sent as it is instead of `body`. */
  readonly raw?: string
  readonly headers?: Readonly<Record<string, string>>
  /** variable -> where in the answer: `user.id`, `roles.0.id`, `header:x-subject-token`, `form:oauth_token`. */
  readonly save?: Readonly<Record<string, string>>
  /** Tells this step from others with the same method and path. */
  readonly note?: string
  /** Keep list elements that the run did not make (by default they are left out). */
  readonly all?: boolean
  /** Milliseconds to wait afterwards: revocations compare whole seconds. */
  readonly wait?: number
  /** Computed at run time: one-time codes and signatures. Returns variables to add. */
  readonly prepare?: (vars: Vars, base: string) => Readonly<Record<string, string>>
}

export type Options = Omit<Partial<Step>, 'method' | 'path' | 'body'>

export type Family = { readonly name: string; readonly about: string; readonly steps: readonly Step[] }

export const call = (method: string, path: string, body?: unknown, options: Options = {}): Step => ({
  method,
  path:
    path === '/' || path.startsWith('/v3') || path.startsWith('!') ? path.replace(/^!/, '') : `/v3${path}`,
  as: 'admin',
  ...(body === undefined ? {} : { body }),
  ...options,
})

export const get = (path: string, options?: Options): Step => call('GET', path, undefined, options)
export const head = (path: string, options?: Options): Step => call('HEAD', path, undefined, options)
export const del = (path: string, options?: Options): Step => call('DELETE', path, undefined, options)
export const put = (path: string, body?: unknown, options?: Options): Step => call('PUT', path, body, options)
export const post = (path: string, body: unknown, options?: Options): Step =>
  call('POST', path, body, options)
export const patch = (path: string, body: unknown, options?: Options): Step =>
  call('PATCH', path, body, options)

/** The identity part of a password login by user id. */
export const passwordOf = (userId: string, password: string): unknown => ({
  methods: ['password'],
  password: { user: { id: userId, password } },
})

/** A login; saves the token as `variable` when it succeeds. */
export const login = (variable: string, identity: unknown, scope?: unknown, options: Options = {}): Step =>
  post(
    '/auth/tokens',
    { auth: scope === undefined ? { identity } : { identity, scope } },
    { as: null, save: { [variable]: 'header:x-subject-token' }, note: `login ${variable}`, ...options },
  )

export const projectScope = (id: string): unknown => ({ project: { id } })
export const domainScope = (id: string): unknown => ({ domain: { id } })
export const systemScope: unknown = { system: { all: true } }

/** Validates the token in `variable` as admin. */
export const validate = (variable: string, options: Options = {}): Step =>
  get('/auth/tokens', {
    headers: { 'x-subject-token': `{${variable}}` },
    note: `validate ${variable}`,
    ...options,
  })

export const repeat = <T>(values: readonly T[], make: (value: T, index: number) => readonly Step[]): Step[] =>
  values.flatMap((value, index) => make(value, index))
