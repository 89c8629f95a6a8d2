/**
 * What runs with Alibaba Cloud's SDKs share: the folder they are installed in, the account's own key, and the few words
 * of the SDKs' interfaces that are used, which have no types of their own here. Not for what one run alone asks.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, startServer } from '../tools/running-server.ts'

export interface Access {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  /** Of a temporary key. */
  readonly securityToken?: string
  readonly accountId: string
  readonly endpoint: string
  readonly protocol: string
}

/** The folder that run.sh installed the SDKs in. */
export function sdkFolder(): string {
  const folder = process.env['ALIBABA_SDK']
  assert.ok(folder, 'ALIBABA_SDK names the folder that the SDKs are installed in: run run.sh')
  return folder
}

/** A package of that folder, as `T` says that it is. */
export const sdk = <T>(name: string): T => createRequire(join(sdkFolder(), 'package.json'))(name) as T

/** What the service leaves for SDKs on its first start. */
export const readAccess = (dataDir: string): Access =>
  JSON.parse(readFileSync(join(dataDir, 'alibaba.json'), 'utf8'))

export interface AlibabaServer {
  readonly folder: string
  readonly server: RunningServer
  readonly access: Access
  stop(): Promise<void>
}

export const PASSWORD = 'Correct-Horse-7'

/** The real service on a new data folder, with the Alibaba face at a free port. */
export async function startAlibaba(...flags: readonly string[]): Promise<AlibabaServer> {
  const folder = mkdtempSync(join(tmpdir(), 'e2e-alibaba-'))
  const server = await startServer({
    dataDir: folder,
    adminPassword: PASSWORD,
    flags: ['--alibaba-port', '0', '--huawei-port', 'off', ...flags],
  })
  return {
    folder,
    server,
    access: readAccess(folder),
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A class of an SDK: made of fields. */
export type Makes<T = object> = new (fields: object) => T

/** The core of the current SDKs (`@alicloud/openapi-core`), of which every product's client is one. */
export interface OpenApiCore {
  readonly default: Makes<{
    callApi(params: object, request: object, runtime: object): Promise<{ readonly body: unknown }>
  }>
  readonly $OpenApiUtil: { readonly Config: Makes; readonly Params: Makes; readonly OpenApiRequest: Makes }
}

/** Calls one operation by the core, of a client with this configuration; gives the body of the answer. */
export function openApiCore(config: object): (params: object, query: object) => Promise<unknown> {
  const { default: Client, $OpenApiUtil } = sdk<OpenApiCore>('@alicloud/openapi-core')
  const { RuntimeOptions } = sdk<{ readonly RuntimeOptions: Makes }>('@darabonba/typescript')
  const { Config, Params, OpenApiRequest } = $OpenApiUtil
  const client = new Client(new Config(config))
  return async (params, query) => {
    const request = new OpenApiRequest({ query, headers: {} })
    return (await client.callApi(new Params(params), request, new RuntimeOptions({}))).body
  }
}

/** The core before those. */
export interface PopCore {
  readonly RPCClient: Makes<{
    request(action: string, parameters: object, options: object): Promise<unknown>
  }>
  readonly ROAClient: Makes<{
    request(method: string, path: string, query: object): Promise<unknown>
  }>
}

export interface KeyAnswer {
  readonly AccessKeyId: string
  readonly AccessKeySecret: string
}

interface RamUser {
  readonly UserId: string
  readonly DisplayName: string
}

interface OidcProvider {
  readonly OIDCProviderName: string
  readonly Arn: string
  readonly ClientIds: string
  readonly Fingerprints: string
  readonly IssuanceLimitTime: number
}

/** Answers of RAM, STS and IMS, as far as they are looked at. */
interface RamAnswers {
  readonly CreateUser: { readonly User: RamUser }
  readonly GetUser: { readonly User: RamUser }
  readonly ListUsers: { readonly Users: { readonly User: readonly RamUser[] } }
  readonly CreateAccessKey: { readonly AccessKey: KeyAnswer }
  readonly ListAccessKeys: {
    readonly AccessKeys: { readonly AccessKey: readonly { readonly AccessKeyId: string }[] }
  }
  readonly CreateRole: { readonly Role: { readonly Arn: string } }
  readonly AssumeRole: {
    readonly Credentials: KeyAnswer & { readonly SecurityToken: string }
    readonly AssumedRoleUser: { readonly Arn: string }
  }
  readonly GetCallerIdentity: {
    readonly IdentityType: string
    readonly AccountId: string
    readonly UserId: string
  }
  readonly GetOIDCProvider: { readonly OIDCProvider: OidcProvider }
  readonly CreateOIDCProvider: { readonly OIDCProvider: OidcProvider }
  readonly UpdateOIDCProvider: { readonly OIDCProvider: OidcProvider }
  readonly AddClientIdToOIDCProvider: { readonly OIDCProvider: OidcProvider }
  readonly RemoveClientIdFromOIDCProvider: { readonly OIDCProvider: OidcProvider }
  readonly AddFingerprintToOIDCProvider: { readonly OIDCProvider: OidcProvider }
  readonly RemoveFingerprintFromOIDCProvider: { readonly OIDCProvider: OidcProvider }
  readonly ListOIDCProviders: {
    readonly OIDCProviders: { readonly OIDCProvider: readonly OidcProvider[] }
  }
}

export type RamAnswer<A extends string> = A extends keyof RamAnswers ? RamAnswers[A] : object
/** One call, with names as RAM's API has them, in and out. */
export type RamAsk = <A extends string>(
  action: A,
  parameters?: Readonly<Record<string, string | number>>,
) => Promise<RamAnswer<A>>

export const VERSIONS = { ram: '2015-05-01', sts: '2015-04-01', ims: '2019-08-15' } as const
export type Product = keyof typeof VERSIONS

/** Calls of a product by pop-core's RPC client. */
export function popCoreRpc(
  { accessKeyId, accessKeySecret, securityToken, endpoint, protocol }: Access,
  product: Product,
  method = 'POST',
): RamAsk {
  const { RPCClient } = sdk<PopCore>('@alicloud/pop-core')
  const client = new RPCClient({
    ...{ accessKeyId, accessKeySecret, securityToken },
    endpoint: `${protocol}://${endpoint}`,
    apiVersion: VERSIONS[product],
  })
  return async <A extends string>(action: A, parameters: object = {}) =>
    (await client.request(action, parameters, { method })) as RamAnswer<A>
}

/** The code that a call is refused with. Fails when it is not refused. */
export async function codeOf(ask: Promise<unknown>): Promise<string> {
  const error = await ask.then(
    () => assert.fail('was not refused'),
    (e: { readonly code?: string; readonly result?: { readonly Code?: string } }) => e,
  )
  return String(error.code ?? error.result?.Code)
}
