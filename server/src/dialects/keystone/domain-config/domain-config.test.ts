import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'

const CONFIG = {
  identity: { driver: 'ldap' },
  ldap: { url: 'ldap://one', user_tree_dn: 'ou=Users', password: 'very secret words' },
}
const SHOWN = { identity: { driver: 'ldap' }, ldap: { url: 'ldap://one', user_tree_dn: 'ou=Users' } }

describe('configuration of domains', () => {
  let house: House
  let admin: string
  let domain: string
  let path: string

  before(async () => {
    house = await openHouse({ passwordRegex: '^.{8,}$', passwordRegexDescription: 'eight characters' })
    admin = await house.admin()
    domain = await seedDomain(house, 'configured')
    path = `/v3/domains/${domain}/config`
  })
  after(() => house.close())

  const call = (method: string, url: string, config?: unknown) =>
    house.call(method, url, { token: admin, ...(config === undefined ? {} : { body: { config } }) })
  const refused = async (method: string, url: string, config: unknown, reason: string): Promise<void> => {
    const answer = await call(method, url, config)
    assert.equal(answer.status, 403, `${method} ${url} ${answer.text}`)
    assert.equal(answer.body.error.message, `Invalid domain specific configuration: ${reason}.`)
  }
  const missing = async (method: string, url: string, what: string, config?: unknown): Promise<void> => {
    const answer = await call(method, url, config)
    assert.equal(answer.status, 404, `${method} ${url} ${answer.text}`)
    assert.equal(
      answer.body.error.message,
      `Could not find ${what} in domain configuration for domain ${domain}.`,
    )
  }

  describe('when there is none', () => {
    beforeEach(() => call('DELETE', path))

    it('404 shows nothing; 204 deletes nothing', async () => {
      await missing('GET', path, 'any options')
      await missing('GET', `${path}/ldap`, 'group ldap')
      await missing('GET', `${path}/ldap/url`, 'option url in group ldap')
      await missing('DELETE', `${path}/ldap`, 'group ldap')
      assert.equal((await call('DELETE', path)).status, 204)
    })

    it('201 creates it, 200 replaces it whole', async () => {
      const created = await call('PUT', path, CONFIG)
      assert.equal(created.status, 201)
      assert.deepEqual(created.body, { config: SHOWN })
      const replaced = await call('PUT', path, { ldap: { suffix: 'dc=x' } })
      assert.equal(replaced.status, 200)
      assert.deepEqual((await call('GET', path)).body, { config: { ldap: { suffix: 'dc=x' } } })
    })

    it('200 a change makes it too', async () => {
      const answer = await call('PATCH', path, CONFIG)
      assert.equal(answer.status, 200)
      assert.deepEqual(answer.body, { config: SHOWN })
    })

    it('200 keeps values of every kind as they are', async () => {
      const ldap = {
        page_size: 5,
        user: null,
        url: { a: [1] },
        suffix: 'ldap://%(password)s',
        use_tls: false,
      }
      await call('PUT', path, { ldap })
      assert.deepEqual((await call('GET', path)).body.config.ldap, ldap)
      assert.deepEqual((await call('GET', `${path}/ldap/user`)).body, { config: { user: null } })
      assert.equal((await call('DELETE', `${path}/ldap/user`)).status, 204)
    })
  })

  describe('when there is one', () => {
    beforeEach(() => call('PUT', path, CONFIG))

    it('200 shows all, a group, an option', async () => {
      assert.deepEqual((await call('GET', path)).body, { config: SHOWN })
      assert.deepEqual((await call('GET', `${path}/ldap`)).body, { config: { ldap: SHOWN.ldap } })
      assert.deepEqual((await call('GET', `${path}/ldap/url`)).body, { config: { url: 'ldap://one' } })
      assert.equal((await call('HEAD', path)).status, 200)
    })

    it('never shows a secret, and keeps it sealed', async () => {
      await missing('GET', `${path}/ldap/password`, 'option password in group ldap')
      const answers = [
        await call('GET', path),
        await call('GET', `${path}/ldap`),
        await call('PATCH', `${path}/ldap/password`, { password: 'very secret words, again' }),
        await call('PATCH', path, { ldap: { password: 'very secret words, again' } }),
        await call('PUT', path, CONFIG),
      ]
      for (const answer of answers) {
        assert.equal(answer.status, 200)
        assert.equal(/secret|password/.test(answer.text), false, answer.text)
      }
      const rows = await house.ctx.store.db
        .selectFrom('domain_config')
        .select('value')
        .where('domain_id', '=', domain)
        .where('option_name', '=', 'password')
        .execute()
      assert.equal(rows.length, 1)
      const value = rows[0]?.value ?? ''
      assert.equal(/secret/.test(value), false)
      const purpose = `domain_config:${domain}:ldap:password`
      assert.equal(house.ctx.keys.open(value, purpose), '"very secret words"')
      assert.throws(() => house.ctx.keys.open(value, 'domain_config:default:ldap:password'))
    })

    it('200 a secret alone shows nothing of itself', async () => {
      const answer = await call('PUT', path, { ldap: { password: 'very secret words' } })
      assert.deepEqual(answer.body, { config: {} })
      await missing('GET', path, 'any options')
    })

    it('200 merges a change of all, of a group, of an option', async () => {
      await call('PATCH', path, { ldap: { url: 'ldap://two' }, identity: { driver: 'sql' } })
      await call('PATCH', `${path}/ldap`, { ldap: { suffix: 'dc=x' } })
      const answer = await call('PATCH', `${path}/ldap/user_tree_dn`, { user_tree_dn: 'ou=B' })
      assert.equal(answer.status, 200)
      const config = {
        identity: { driver: 'sql' },
        ldap: { suffix: 'dc=x', url: 'ldap://two', user_tree_dn: 'ou=B' },
      }
      assert.deepEqual(answer.body, { config })
    })

    it('204 deletes an option, a group, all of it', async () => {
      assert.equal((await call('DELETE', `${path}/ldap/url`)).status, 204)
      await missing('DELETE', `${path}/ldap/url`, 'option url in group ldap')
      assert.equal((await call('DELETE', `${path}/ldap`)).status, 204)
      await missing('DELETE', `${path}/ldap/user_tree_dn`, 'group ldap')
      assert.deepEqual((await call('GET', path)).body, { config: { identity: { driver: 'ldap' } } })
      assert.equal((await call('DELETE', path)).status, 204)
      await missing('GET', path, 'any options')
    })

    it('403 what no domain may have of its own, and nothing is changed', async () => {
      const nope = 'is not supported for domain specific configurations'
      const dictionary = 'The value of group ldap specified in the config should be a dictionary of options'
      for (const method of ['PUT', 'PATCH']) {
        await refused(method, path, null, 'No options specified')
        await refused(method, path, {}, 'No options specified')
        await refused(method, path, { ldap: {} }, dictionary)
        await refused(method, path, { ldap: 'x' }, dictionary)
        await refused(method, path, { nope: { a: 1 } }, `Group nope ${nope}`)
        await refused(
          method,
          path,
          { security_compliance: { lockout_duration: 5 } },
          `Group security_compliance ${nope}`,
        )
        await refused(method, path, { ldap: { nope: 1 } }, `Option nope in group ldap ${nope}`)
        await refused(method, path, { constructor: { name: 1 } }, `Group constructor ${nope}`)
        await refused(method, path, { ldap: { toString: 1 } }, `Option toString in group ldap ${nope}`)
        assert.equal((await call(method, path, 'x')).status, 400)
        assert.equal((await call(method, path, [1])).status, 400)
      }
      for (const method of ['GET', 'DELETE']) {
        await refused(method, `${path}/nope`, undefined, `Group nope ${nope}`)
        await refused(method, `${path}/nope/url`, undefined, `Group nope ${nope}`)
        await refused(method, `${path}/ldap/nope`, undefined, `Option nope in group ldap ${nope}`)
      }
      assert.deepEqual((await call('GET', path)).body, { config: SHOWN })
    })

    it('403 a change that names another part than the path', async () => {
      await refused(
        'PATCH',
        `${path}/ldap`,
        { identity: { driver: 'sql' } },
        'request to update group ldap, but config provided contains group identity instead',
      )
      await refused(
        'PATCH',
        `${path}/ldap`,
        CONFIG,
        'Trying to update group ldap, so that, and only that, group must be specified in the config',
      )
      await refused(
        'PATCH',
        `${path}/ldap/url`,
        { suffix: 'x' },
        'Trying to update option url in group ldap, but config provided contains option suffix instead',
      )
      await refused(
        'PATCH',
        `${path}/ldap/url`,
        { suffix: 'x', url: 'y' },
        'Trying to update option url in group ldap, so that, and only that, option must be specified  in the config',
      )
      await missing('PATCH', `${path}/ldap/suffix`, 'option suffix in group ldap', { suffix: 'x' })
      assert.deepEqual((await call('GET', path)).body, { config: SHOWN })
    })

    it('goes with its domain', async () => {
      const leaving = await seedDomain(house, 'leaving')
      const own = `/v3/domains/${leaving}/config`
      assert.equal((await call('PUT', own, CONFIG)).status, 201)
      const body = { domain: { enabled: false } }
      await house.call('PATCH', `/v3/domains/${leaving}`, { token: admin, body })
      assert.equal((await call('DELETE', `/v3/domains/${leaving}`)).status, 204)
      assert.equal((await call('GET', own)).status, 404)
    })
  })

  it('404 an unknown domain', async () => {
    for (const [method, config] of [
      ['PUT', CONFIG],
      ['PATCH', CONFIG],
      ['DELETE', undefined],
    ] as const) {
      const answer = await call(method, '/v3/domains/nope/config', config)
      assert.equal(answer.status, 404)
      assert.equal(answer.body.error.message, 'Could not find domain: nope.')
    }
    const project = await seedProject(house, 'no domain')
    assert.equal((await call('PUT', `/v3/domains/${project}/config`, CONFIG)).status, 404)
  })

  it('200 shows the defaults: all, a group, an option', async () => {
    const all = (await call('GET', '/v3/domains/config/default')).body.config
    assert.deepEqual(all.identity, { driver: 'sql', list_limit: null })
    assert.equal(Object.keys(all.ldap).length, 49)
    assert.deepEqual(
      [all.ldap.url, all.ldap.user_enabled_default, all.ldap.pool_retry_delay, all.ldap.password],
      ['ldap://localhost', 'True', 0.1, undefined],
    )
    const group = await call('GET', '/v3/domains/config/ldap/default')
    assert.deepEqual(group.body, { config: { ldap: all.ldap } })
    const option = await call('GET', '/v3/domains/config/ldap/user_attribute_ignore/default')
    assert.deepEqual(option.body, { config: { user_attribute_ignore: ['default_project_id'] } })
  })

  it('403 a default that is not told', async () => {
    const nope = 'is not supported for domain specific configurations'
    const at = '/v3/domains/config'
    await refused('GET', `${at}/nope/default`, undefined, `Group nope ${nope}`)
    await refused('GET', `${at}/ldap/nope/default`, undefined, `Option nope in group ldap ${nope}`)
    await refused(
      'GET',
      `${at}/ldap/password/default`,
      undefined,
      'Reading the default for option password in group ldap is not supported',
    )
  })

  it('200 tells every caller what a password must look like', async () => {
    const user = await seedUser(house, 'chooser')
    const project = await seedProject(house, 'chosen')
    await seedGrant(house, user, 'reader', { project })
    const token = await house.login('chooser@default', PASSWORD, { project: { id: project } })
    const at = '/v3/domains/default/config/security_compliance'
    const all = await house.call('GET', at, { token })
    assert.deepEqual(all.body, {
      config: {
        security_compliance: {
          password_regex: '^.{8,}$',
          password_regex_description: 'eight characters',
        },
      },
    })
    const one = await house.call('GET', `${at}/password_regex`, { token })
    assert.deepEqual(one.body, { config: { password_regex: '^.{8,}$' } })
    await refused(
      'GET',
      `${at}/lockout_duration`,
      undefined,
      'Reading security compliance values other than password_regex and password_regex_description is not allowed.',
    )
    await refused(
      'GET',
      `${path}/security_compliance`,
      undefined,
      'Reading security compliance information for any domain other than the default domain is not allowed or supported.',
    )
  })

  it('405 lists each method once', async () => {
    const answer = await call('POST', `${path}/security_compliance`)
    assert.equal(answer.status, 405)
    const allowed = (answer.headers['allow'] ?? '').split(', ')
    assert.deepEqual(allowed.toSorted(), ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH'])
  })

  it('401 every operation without a token (CVE-2012-4456)', async () => {
    const calls = ['', '/ldap', '/ldap/url'].flatMap((part) =>
      ['GET', 'PATCH', 'DELETE'].map((method) => [method, `${path}${part}`]),
    )
    calls.push(['PUT', path], ['GET', '/v3/domains/config/default'], ['GET', `${path}/security_compliance`])
    for (const [method = '', url = ''] of calls) {
      assert.equal((await house.call(method, url)).status, 401, `${method} ${url}`)
    }
  })
})
