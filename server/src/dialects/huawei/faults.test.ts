import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Context } from '../../context.ts'
import { type House, openHouse } from '../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../testing/huawei.ts'
import { PASSWORD } from '../../testing/seed.ts'

/** What is broken, as the parts below the wire say it. */
const FAULTS = {
  500: new Error('a fault of ours'),
  503: Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' }),
} as const
const TEXTS = {
  500: 'An unexpected error prevented the server from fulfilling your request.',
  503: 'The server is currently unavailable. Please try again later.',
} as const
const TITLES = { 500: 'Internal Server Error', 503: 'Service Unavailable' } as const

/** Faults of ours, in each of the forms that Huawei Cloud's paths have for them. */
describe('faults on the Huawei Cloud face', () => {
  let house: House
  let whole: HuaweiFace
  let two: TwoAccounts
  let operator: string
  let faces: Readonly<Record<500 | 503, HuaweiFace>>

  before(async () => {
    house = await openHouse()
    whole = openHuawei(house)
    two = await seedTwoAccounts(house)
    operator = await whole.token({ name: 'IAMUserB', domain: two.b })
    faces = { 500: openBroken(FAULTS[500]), 503: openBroken(FAULTS[503]) }
  })
  after(async () => {
    for (const face of [whole, faces[500], faces[503]]) await face.close()
    await house.close()
  })

  /** A face whose keys and database fail. */
  const openBroken = (fault: Error): HuaweiFace => {
    const fail = () => Promise.reject(fault)
    const ctx: Context = {
      ...house.ctx,
      keys: { ...house.ctx.keys, tokens: fail },
      store: { ...house.ctx.store, record: fail, write: fail },
    }
    return openHuawei({ ...house, ctx })
  }
  /** Asks it, with a log that nobody reads. */
  const broken = async (
    status: 500 | 503,
    [method, path, body]: readonly [string, string, object?],
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const { error } = console
    console.error = () => undefined
    try {
      const options = { token: operator, headers, ...(body === undefined ? {} : { body }) }
      return await faces[status].call(method, path, options)
    } finally {
      console.error = error
    }
  }

  const assume = {
    auth: {
      identity: {
        methods: ['assume_role'],
        assume_role: { domain_name: 'IAMDomainA', agency_name: 'IAMAgency' },
      },
    },
  }
  const byPassword = {
    auth: {
      identity: { methods: ['password'], password: { user: { id: 'x', password: PASSWORD } } },
    },
  }

  for (const status of [500, 503] as const) {
    const inErrorForm = { error: { code: status, message: TEXTS[status], title: TITLES[status] } }

    it(`${status} of assume_role and of a password, in the form of document 002`, async () => {
      for (const body of [assume, byPassword]) {
        const answer = await broken(status, ['POST', '/v3/auth/tokens', body])
        assert.deepEqual([answer.status, answer.body], [status, inErrorForm])
        assert.equal(answer.headers['x-subject-token'], undefined)
      }
    })

    it(`${status} of paths that are Keystone's, of agencies and of access keys`, async () => {
      for (const asked of [
        ['GET', '/v3/projects'],
        ['GET', '/v3/users'],
        ['GET', '/v3/auth/tokens'],
        ['GET', '/v3.0/OS-AGENCY/agencies'],
        ['GET', '/v3.0/OS-CREDENTIAL/credentials'],
        ['POST', '/v3.0/OS-CREDENTIAL/securitytokens', assume],
      ] as const) {
        const answer = await broken(status, asked, { 'x-subject-token': operator })
        assert.deepEqual([answer.status, answer.body], [status, inErrorForm], asked.join(' '))
      }
    })

    it(`${status} of paths whose errors are codes`, async () => {
      for (const path of ['/v3.0/OS-USER/users/x', `/v3.0/OS-SECURITYPOLICY/domains/${two.b}/login-policy`]) {
        const answer = await broken(status, ['GET', path])
        const body = { error_code: 'IAM.0006', error_msg: TEXTS[status] }
        assert.deepEqual([answer.status, answer.body], [status, body], path)
      }
    })

    it(`${status} of v5, with the id of the request`, async () => {
      const body = { agency_urn: `iam::${two.a}:agency:IAMAgency`, agency_session_name: 'session' }
      for (const asked of [
        ['POST', '/v5/agencies/assume', body],
        ['GET', '/v5/caller-identity'],
      ] as const) {
        const answer = await broken(status, asked)
        assert.equal(answer.status, status)
        assert.match(answer.body.request_id, /^[0-9a-f]{32}$/)
        assert.equal(answer.body.request_id, answer.headers['x-request-id'])
        const { request_id, ...rest } = answer.body
        assert.deepEqual(rest, { error_code: 'IAM.0006', error_msg: TEXTS[status] })
      }
    })

    it(`${status} names nothing of what is broken`, async () => {
      const answer = await broken(status, ['POST', '/v3/auth/tokens', assume])
      assert.equal(answer.text.includes(FAULTS[status].message), false)
    })
  }

  it('503 says when to come back', async () => {
    const answer = await broken(503, ['POST', '/v3/auth/tokens', assume])
    assert.equal(answer.headers['retry-after'], '1')
  })
})
