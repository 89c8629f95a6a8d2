import { refuse } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'

/** What a browser carries from the beginning of a sign-in to its end. */
export interface BrowserCookie {
  readonly name: string
  readonly path: string
}

/**
 * The `Set-Cookie` of `value`. Lax: it comes along when the browser is sent here, and with nothing that another page asks
 * for or posts.
 */
export function setCookie(
  { name, path }: BrowserCookie,
  incoming: Incoming,
  value: string,
  seconds: number,
): string {
  const secure = incoming.baseUrl.startsWith('https:') ? '; Secure' : ''
  return `${name}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`
}

/** Its value; undefined when the browser has none. */
export function readCookie({ name }: BrowserCookie, incoming: Incoming): string | undefined {
  const found = (incoming.headers.cookie ?? '').split(/; */).find((pair) => pair.startsWith(`${name}=`))
  return found?.slice(name.length + 1)
}

/** Its value; refuses `unauthenticated` without one. */
export function demandCookie(cookie: BrowserCookie, incoming: Incoming): string {
  return readCookie(cookie, incoming) ?? refuse('unauthenticated', 'no cookie of a sign-in')
}
