/**
 * Every operation of Huawei Cloud IAM and its STS that its API reference, its SDKs or its Terraform provider know
 * (vectors/operations.tsv): it is answered, or it is refused with 501 in its own form, and the page about this wire says
 * which.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts } from '../../testing/huawei.ts'
import { errorFormOf } from './words.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const known = read('./vectors/operations.tsv')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [method = '', path = '', name = '', kind = ''] = line.split('\t')
    return { method, path, name, kind }
  })

/** Method and path of each row of a table on the page, without the names of what varies. */
const shape = (method: string, path: string): string => `${method} ${path.replace(/\{[^}]+\}/g, '{}')}`
const [answeredPart = '', leftOutPart = ''] = read('../../../../docs/dialects/huawei.md').split(
  '## Left out: 501',
)
const listed = (part: string): ReadonlySet<string> =>
  new Set(
    [...part.matchAll(/^\| [\w ]+ \| (\w+) \| `([^`]+)` \|$/gm)].map(([, method = '', path = '']) =>
      shape(method, path),
    ),
  )
const answered = listed(answeredPart)
const leftOut = listed(leftOutPart)
/** Federation and tokens are the keystone dialect's on both faces, and its page's. */
const isOfKeystone = (path: string): boolean => /FEDERATION|OS-AUTH\/id-token|^\/v3\/auth\/tokens$/.test(path)

describe('every known operation of Huawei Cloud IAM', () => {
  let house: House
  let face: HuaweiFace
  let token: string
  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    await seedTwoAccounts(house)
    token = await house.admin()
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  it('the table is whole', () => {
    assert.equal(known.length, 236)
    assert.deepEqual(
      [...answered].filter((each) => leftOut.has(each)),
      [],
    )
  })

  for (const { method, path, name, kind } of known) {
    it(`${method} ${path} ${name}`, async () => {
      const url = path.replace(/\{[^}]+\}/g, 'x')
      const headers = { 'x-subject-token': 'x' }
      const asked = await face.call(method, url, { token, headers })
      // HEAD is GET without its body, which is what says that nothing is here.
      const named = method === 'HEAD' ? 'GET' : method
      const answer = named === method ? asked : await face.call(named, url, { token, headers })
      assert.equal(asked.status, answer.status)
      assert.ok(!answer.text.includes('has not been published') && answer.status !== 405, 'is not here')
      assert.notEqual(answer.status, 500)
      assert.equal(
        leftOut.has(shape(method, path)),
        answer.status === 501,
        `${answer.status}, against the page`,
      )
      if (answer.status === 501) {
        const members = { error: ['error'], code: ['error_code', 'error_msg'] }
        const form = errorFormOf({ method: named, path: url })
        const wanted = form === 'v5' ? ['error_code', 'error_msg', 'request_id'] : members[form]
        assert.deepEqual(Object.keys(answer.body).sort(), wanted)
      } else if (kind === 'huawei' && !isOfKeystone(path)) {
        assert.ok(answered.has(shape(named, path)), 'is not on the page')
      }
    })
  }
})
