/** Which face speaks which dialects, and how each shows tokens. */
import type { FastifyInstance } from 'fastify'
import { certificateOf } from './certificate.ts'
import type { Context } from './context.ts'
import type { CompiledPolicy } from './core/policy/compile.ts'
import type { Session } from './core/session.ts'
import { alibabaDialect } from './dialects/alibaba/index.ts'
import { engineWires } from './dialects/cse/engine-face/index.ts'
import { cseDialect } from './dialects/cse/index.ts'
import { huaweiDialect, huaweiManner } from './dialects/huawei/index.ts'
import { keystoneDialect } from './dialects/keystone/index.ts'
import { hotValidate } from './dialects/keystone/tokens/hot-validate.ts'
import { KEYSTONE_STYLE, type TokenStyle } from './dialects/keystone/tokens/token-body.ts'
import { nacosDialect } from './dialects/nacos/index.ts'
import { buildFace, type FaceOptions } from './http/face.ts'
import type { Wire } from './http/wire.ts'

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

/**
 * How Huawei Cloud's documents show tokens. `xdomain_type` is there whether or not the operator named one.
 */
function huaweiStyle({ huaweiXdomainType }: Context['settings']): TokenStyle {
  return {
    roleId: '0',
    noPasswordExpiry: '',
    hidesNoExpiry: true,
    auditIds: false,
    isDomain: false,
    xdomainType: huaweiXdomainType ?? '',
    anyRegion: '*',
    withoutCatalog: 'empty',
  }
}

/** The wires of the Huawei Cloud face: its own, and Keystone's in its manner. */
export function huaweiWires({ settings }: Pick<Context, 'settings'>, policy: CompiledPolicy) {
  const { huaweiTokenTtl: ttl, authMethods } = settings
  const keystone = keystoneDialect({
    style: huaweiStyle(settings),
    ttl,
    policy,
    authMethods,
    identify: huaweiManner.identify,
    accountScopes: true,
    badTokenIs: 'unauthenticated',
  })
  // Identifying stays the wire's own, which prepares what its rules ask.
  const { identify: _, ...manner } = huaweiManner
  const cse: Wire<Context, Session> = {
    ...cseDialect({ identifySigned: huaweiManner.identify }),
    admits: (caller, operation) => huaweiManner.admits(caller, operation, 'cse'),
  }
  return [huaweiDialect(), cse, { ...keystone, ...manner }]
}

/** The Huawei Cloud face: IAM as its own clients speak it, and all of Keystone under the same paths. */
export function huaweiFace(ctx: Context, policy: CompiledPolicy, watch: Watch): FastifyInstance {
  const { settings } = ctx
  return buildFace({
    ...common(ctx, watch),
    wires: huaweiWires(ctx, policy),
    publicUrl: settings.huaweiPublicUrl?.replace(/\/(v3\/?)?$/, ''),
    hot: hotValidate(ctx, policy, huaweiStyle(settings)),
  })
}

/** The Alibaba Cloud face: EDAS, RAM and STS as their SDKs speak them. */
export function alibabaFace(ctx: Context, _policy: CompiledPolicy, watch: Watch): FastifyInstance {
  const { edasSecretAction: secretAction } = ctx.settings
  return buildFace({ ...common(ctx, watch), wires: [alibabaDialect({ secretAction })] })
}

/** The face of engines: what a service-center or a Nacos of that name answers about accounts and tokens. */
export function engineFace(ctx: Context, _policy: CompiledPolicy, watch: Watch): FastifyInstance {
  return buildFace({ ...common(ctx, watch), wires: engineWires })
}

/** Configuration texts of 100 KiB, each byte percent-encoded, with what is around them. */
const NACOS_BODY_BYTES = 393_216

/**
 * The Nacos face and the address server, which tells `nacosPort`, where the former listens: both answer ACM's paths, out of
 * one registry.
 */
export function nacosFaces(ctx: Context, nacosPort: () => number | undefined) {
  const dialect = nacosDialect(ctx, { servers: ctx.settings.nacosServers, nacosPort })
  const faceOf =
    <Caller>(wires: readonly Wire<Context, Caller>[]) =>
    (_ctx: Context, _policy: CompiledPolicy, watch: Watch): FastifyInstance => {
      const shared = common(ctx, watch)
      const maxBodyBytes = Math.max(shared.maxBodyBytes, NACOS_BODY_BYTES)
      const face = buildFace({ ...shared, maxBodyBytes, wires })
      face.addHook('preClose', async () => dialect.stop())
      return face
    }
  return { nacosFace: faceOf(dialect.nacos), addressFace: faceOf(dialect.address) }
}

function common(ctx: Context, watch: Watch) {
  const { settings } = ctx
  return {
    ctx,
    ...watch,
    tls: certificateOf(settings),
    maxBodyBytes: settings.maxBodyBytes,
    trustedProxies: settings.trustedProxies,
  }
}
