/** Operations of the CSE wire: bound to the context and to sessions of the cloud. */
import type { Context } from '../../context.ts'
import type { Session } from '../../core/session.ts'
import { type Call as AnyCall, operationsOf } from '../../http/operation.ts'

export const { operation, publicOperation } = operationsOf<Context, Session>()

export type Call<Body = unknown> = AnyCall<Context, Session, Body>
