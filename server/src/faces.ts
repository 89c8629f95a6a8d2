/** Which face speaks which dialects, and how each shows tokens. */
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import type { Context } from './context.ts'
import type { CompiledPolicy } from './core/policy/compile.ts'
import { keystoneDialect } from './dialects/keystone/index.ts'
import { hotValidate } from './dialects/keystone/tokens/hot-validate.ts'
import { KEYSTONE_STYLE } from './dialects/keystone/tokens/token-body.ts'
import { buildFace, type FaceOptions } from './http/face.ts'

export type Watch = Pick<FaceOptions<Context, never>, 'onFault' | 'onDone'>

/** The wires of the OpenStack face: Keystone v3. */
export function openstackWires({ settings }: Pick<Context, 'settings'>, policy: CompiledPolicy) {
  const { tokenTtl: ttl, authMethods } = settings
  return [keystoneDialect({ style: KEYSTONE_STYLE, ttl, policy, authMethods })]
}

export function openstackFace(ctx: Context, policy: CompiledPolicy, watch: Watch): FastifyInstance {
  const { settings } = ctx
  return buildFace({
    ...common(ctx, watch),
    wires: openstackWires(ctx, policy),
    publicUrl: settings.publicUrl?.replace(/\/(v3\/?)?$/, ''),
    hot: hotValidate(ctx, policy, KEYSTONE_STYLE),
  })
}

function common(ctx: Context, watch: Watch) {
  const { settings } = ctx
  const { tlsCert, tlsKey } = settings
  const tls =
    tlsCert && tlsKey ? { cert: readFileSync(tlsCert, 'utf8'), key: readFileSync(tlsKey, 'utf8') } : undefined
  return { ctx, ...watch, tls, maxBodyBytes: settings.maxBodyBytes, trustedProxies: settings.trustedProxies }
}
