/**
 * The one hot route, answered in front of the router: `GET` and `HEAD /v3/auth/tokens` when both tokens are remembered
 * and nothing changed since. It decides with the same rule on the same sessions; whatever it is not sure of it hands on
 * to the ordinary operation.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context } from '../../../context.ts'
import type { CompiledPolicy } from '../../../core/policy/compile.ts'
import type { Session } from '../../../core/session.ts'
import { accountsBehind } from '../../../flows/account-security.ts'
import { peekSession } from '../../../flows/validate-token.ts'
import type { HotRoute } from '../../../http/face.ts'
import { isBoundToAddresses } from '../../../store/accounts.ts'
import { type Catalog, catalogOf } from '../../../store/catalog.ts'
import { credentialsOf } from '../policy-credentials.ts'
import { ownText, restOf, type Shown, type Sized, sized, type TokenStyle } from './token-body.ts'
import { ruleOf, subjectTarget } from './validate.ts'

const PATH = '/v3/auth/tokens'
const WITHOUT = `${PATH}?nocatalog`
/** Bodies that are kept, in bytes; to write one again takes microseconds. */
const KEPT = 16_000_000

/** A session's body in its two parts: the one is the session's own, the other goes with the catalog it is shown. */
interface Written {
  readonly begin: Sized
  readonly catalog: Catalog
  readonly nocatalog: boolean
  readonly rest: Sized
}

export function hotValidate(ctx: Context, policy: CompiledPolicy, style: TokenStyle): HotRoute {
  const written = new Map<Session, Written>()
  let bytes = 0
  let catalog: { epoch: number; value: Catalog } | undefined

  const forget = (): void => {
    written.clear()
    bytes = 0
  }

  /** The catalog if it is at hand; asks for it for the next time otherwise. */
  const catalogNow = (): Catalog | undefined => {
    const epoch = ctx.store.epoch()
    if (catalog?.epoch === epoch) return catalog.value
    // Sessions are loaded anew as well: what is kept of these is for nobody, and would keep the old catalog too.
    forget()
    catalogOf(ctx.store).then(
      (value) => {
        catalog = { epoch, value }
      },
      () => undefined,
    )
    return undefined
  }

  const bodyOf = (subject: Session, shown: Shown & { readonly nocatalog: boolean }): Written => {
    const known = written.get(subject)
    if (known?.catalog === shown.catalog && known.nocatalog === shown.nocatalog) return known
    const begin = known?.begin ?? sized(ownText(subject, style))
    const body = { begin, ...shown, rest: restOf(subject, shown, style) }
    // One of a session that was kept before, with or without the catalog, counts twice: that only forgets sooner.
    bytes += body.begin.bytes + body.rest.bytes
    if (bytes > KEPT) forget()
    written.set(subject, body)
    return body
  }

  const answers = (request: IncomingMessage, response: ServerResponse): boolean => {
    const { url, method, headers } = request
    const nocatalog = url === WITHOUT
    if ((url !== PATH && !nocatalog) || (method !== 'GET' && method !== 'HEAD')) return false
    if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) return false
    // Where requests are signed, the signature says who calls.
    if (headers.authorization !== undefined) return false
    const token = headers['x-auth-token']
    const subjectToken = headers['x-subject-token']
    if (typeof token !== 'string' || typeof subjectToken !== 'string') return false
    const caller = peekSession(ctx, token)
    const subject = caller && peekSession(ctx, subjectToken)
    if (!caller || !subject || subject.delegation.applicationCredential) return false
    // A token of a signature is valid, and makes no caller here.
    if (caller.claims.via.some(({ kind }) => kind === 'credential')) return false
    // Whose account allows some addresses only is asked for theirs.
    if (accountsBehind(caller).some((id) => isBoundToAddresses(ctx.store, id) !== false)) return false
    if (!policy.decide(ruleOf(method), credentialsOf(caller), subjectTarget(subject)).allowed) return false
    const shown = catalogNow()
    if (shown === undefined) return false
    const { begin, rest } = bodyOf(subject, { catalog: shown, nocatalog })
    const length = begin.bytes + rest.bytes
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': length,
      'x-subject-token': subjectToken,
      vary: 'X-Auth-Token',
      'x-openstack-request-id': `req-${randomUUID()}`,
    })
    if (method === 'HEAD') response.end()
    else {
      // A text goes out with the head in one piece, and one that is ASCII needs no encoding.
      const text = begin.text + rest.text
      response.end(text, text.length === length ? 'latin1' : 'utf8')
    }
    return true
  }

  return { operation: 'validate_token', answers }
}
