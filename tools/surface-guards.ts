/** The guards of the pipeline and of what the whole Keystone wire has in common, for `npm run mutants`. */
import type { Guard } from './guards.ts'

const keystone = 'server/src/dialects/keystone'
const face = 'server/src/http/face.ts'
const passing = 'server/src/http/passing-fault.ts'
const surface = `${keystone}/surface.test.ts`
const signIns = `${keystone}/tokens/advisories.test.ts`
const oauth1 = `${keystone}/oauth1/oauth1.test.ts`
const authorization = `${keystone}/oauth1/authorization.ts`
const storm = `${keystone}/tokens/storm.test.ts`

export const surfaceGuards: readonly Guard[] = [
  {
    file: face,
    code: "if (protocol === 'http' || protocol === 'https') return protocol",
    without: "if (protocol) return protocol as 'http'",
    tests: surface,
  },
  {
    file: face,
    code: 'if (!isSpelt || !URL.canParse(',
    without: 'if (!isSpelt || !Boolean(',
    tests: surface,
  },
  {
    file: face,
    code: "const isPublic = operation.policy === 'public'",
    without: "const isPublic = operation.policy === 'public' || incoming.headers.authorization !== undefined",
    tests: surface,
  },
  {
    file: 'server/src/http/admin-face.ts',
    code: "const reading = request.method === 'GET' || request.method === 'HEAD'",
    without: 'const reading = true',
    tests: 'server/src/http/admin-face.test.ts',
  },
  {
    file: `${keystone}/oauth1/consumers.ts`,
    code: 'return { ...extra, id, description,',
    without: 'return { ...consumer, ...extra, id, description,',
    tests: surface,
  },
  {
    file: 'server/src/store/list.ts',
    code: "if (comparator === 'startswith') return sql`substr(${text}, 1, ${sql.lit(length)}) = ${wanted}`",
    without: "if (comparator === 'startswith') return sql`${text} like ${sql.raw(`'${wanted}%'`)}`",
    tests: surface,
  },
  {
    file: `${keystone}/collection.ts`,
    code: 'if (limit !== undefined && !/^[1-9]\\d{0,8}$/.test(limit)) {',
    without: 'if (limit === undefined && marker === limit && false) {',
    tests: surface,
  },
  {
    file: authorization,
    code: 'request.consumerId !== oauth_consumer_key ||',
    without: '',
    tests: oauth1,
  },
  {
    file: authorization,
    code: 'request.verifier !== oauth_verifier\n',
    without: 'oauth_verifier === undefined\n',
    tests: oauth1,
  },
  {
    file: authorization,
    code: 'if (!(await takeRequestToken(tx, request.id))) {',
    without: 'if (!(await takeRequestToken(tx, request.id)) && !request.id) {',
    tests: oauth1,
  },
  {
    file: 'server/src/flows/issue-token.ts',
    code: '...findings.map((f) => f.expiresAt ?? null)',
    without: '...findings.map(() => null)',
    tests: signIns,
  },
  {
    file: 'server/src/methods/application-credential/method.ts',
    code: 'const owner = await findUser(db, payload.user)',
    without:
      "const owner = await findUser(db, payload.user)\n  if (!owner) throw new Error('Could not find user')",
    tests: signIns,
  },
  {
    file: 'server/src/store/used-once.ts',
    code: 'return numInsertedOrUpdatedRows === 1n',
    without: 'return numInsertedOrUpdatedRows !== undefined',
    tests: 'server/src/store/passwords.test.ts',
  },
  {
    file: 'server/src/store/trusts.ts',
    code: "    .where('remaining_uses', '>', 0)\n",
    without: '',
    tests: 'server/src/store/lent-things.test.ts',
  },
  {
    file: 'server/src/flows/methods.ts',
    code: '...(address !== undefined && { lane: addressBlock(address) }),',
    without: '',
    tests: storm,
  },
  {
    file: 'server/src/flows/methods.ts',
    code: '...(left && { signal: left() }),',
    without: '',
    tests: storm,
  },
  {
    file: 'server/src/hashing/kdf-pool.ts',
    code: 'running >= threads && waiting >= queue && !lastBefore(lane)',
    without: 'running >= threads && waiting >= queue',
    tests: storm,
  },
  {
    file: 'server/src/hashing/thread-priority.ts',
    code: "if (!name.startsWith('libuv-worker')) return false",
    without: '',
    tests: 'server/src/hashing/thread-priority.test.ts',
  },
  {
    file: `${keystone}/oauth2/token.ts`,
    code: 'address: call.remoteAddress,',
    without: '',
    tests: oauth1,
  },
  {
    file: passing,
    code: '|57|08|40|53|',
    without: '|57|08|53|',
    tests: surface,
  },
]
