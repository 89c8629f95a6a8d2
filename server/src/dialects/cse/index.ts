/**
 * The CSE dialect: Huawei Cloud's microservice engines. The cloud's side (engines, their accounts, the exchange of a
 * token) is `cseDialect`; what an engine itself answers is in engine-face/. Not for what a service-center does besides
 * accounts and tokens: registering services is its own software's.
 */
import type { Context } from '../../context.ts'
import type { Session } from '../../core/session.ts'
import type { Wire } from '../../http/wire.ts'
import { accountOperations } from './accounts/accounts.ts'
import { engineOperations } from './engines/engines.ts'
import { issueEngineToken } from './tokens/issue.ts'
import { type CseOptions, cseWire } from './wire.ts'

export function cseDialect(options: Omit<CseOptions, 'operations'> = {}): Wire<Context, Session> {
  return cseWire({ ...options, operations: [...accountOperations, ...engineOperations, issueEngineToken] })
}
