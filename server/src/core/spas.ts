/**
 * What Spas signatures of ACM, Nacos and MSE clients are made over: texts only, no keys. A signature covers little (never
 * the method, the data id or the content), so it proves who calls and no more; what may be done is decided by the tenant
 * the key is bound to. Facts: the clients `acm-client`, `nacos-config` and `nacos-naming`, and Nacos' Java client.
 */

/** How far a signed time may lie from now, in milliseconds, either way. */
export const SPAS_WINDOW_MS = 60_000

export interface ConfigSubject {
  readonly tenant: string | undefined
  readonly group: string | undefined
}

/**
 * The texts that a client may have signed for a configuration request: one, except where neither tenant nor group is
 * sent, as long polls are (acm-client then signs the word `undefined`, Java's client the time alone).
 */
export function configTextsToSign({ tenant, group }: ConfigSubject, timestamp: string): readonly string[] {
  const named = [tenant, group].filter((part) => part !== undefined && part !== '')
  return named.length > 0 ? [`${named.join('+')}+${timestamp}`] : [`undefined+${timestamp}`, timestamp]
}

export interface NamingData {
  /** Milliseconds, as text. */
  readonly timestamp: string
  /** `DEFAULT_GROUP@@name` or `name`; undefined when the call is about no service. */
  readonly service: string | undefined
}

/** The signed `data` of a naming request: `1795331053863@@DEFAULT_GROUP@@svc`, or the time alone. */
export function readNamingData(data: string): NamingData {
  const at = data.indexOf('@@')
  if (at === -1) return { timestamp: data, service: undefined }
  return { timestamp: data.slice(0, at), service: data.slice(at + 2) }
}

/** `DEFAULT_GROUP@@name`, whichever way a client says group and name. */
export function groupedService(service: string, group: string | undefined): string {
  return service.includes('@@') ? service : `${group || 'DEFAULT_GROUP'}@@${service}`
}

/** Whether a signed time (milliseconds as text, nothing else) lies within the window around `now` (milliseconds). */
export function isTimely(timestamp: string, now: number): boolean {
  return /^\d{1,15}$/.test(timestamp) && Math.abs(Number(timestamp) - now) <= SPAS_WINDOW_MS
}

/** What the key of a v4 signature is derived by, in turn: day (UTC) of the signed time, region, product, and the end. */
export function v4Chain(timestamp: string, region: string): readonly string[] {
  const day = new Date(Number(timestamp)).toISOString().slice(0, 10).replaceAll('-', '')
  return [day, region, 'mse-nacos', 'aliyun_v4_request']
}

/** One line of a long poll: which configuration, and the digest of what the client has of it. */
export interface Listened {
  readonly dataId: string
  readonly group: string
  /** '' when the client has nothing. */
  readonly md5: string
  /** '' when the line names none. */
  readonly tenant: string
}

/**
 * The lines of `Listening-Configs` and `Probe-Modify-Request`: `dataId^2group^2md5[^2tenant]^1`. undefined when a line is
 * anything else, so that none goes unchecked.
 */
export function readListened(text: string): readonly Listened[] | undefined {
  const lines = text.split('\u0001')
  if (lines.pop() !== '') return undefined
  const read: Listened[] = []
  for (const line of lines) {
    const [dataId, group, md5, tenant = '', ...more] = line.split('\u0002')
    if (!dataId || !group || md5 === undefined || more.length > 0) return undefined
    read.push({ dataId, group, md5, tenant })
  }
  return read
}

/** What a long poll answers: the configurations that differ, as the client's percent-decoder expects them. */
export function writeChanged(changed: readonly Listened[]): string {
  return encodeURIComponent(
    changed
      .map(({ dataId, group, tenant }) => [dataId, group, ...(tenant === '' ? [] : [tenant])].join('\u0002'))
      .map((line) => `${line}\u0001`)
      .join(''),
  )
}
