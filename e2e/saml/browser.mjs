// @ts-nocheck: runs in a folder of its own, where its packages are installed.
// Sign-in by a real Chromium; prints a line `NAME: RESULT` for each case. A result is `user|project|roles` of the token that
// the dashboard was given, or the status of the refusal.
//   node browser.mjs TOKENHOUSE_ROOT DASHBOARD SSP_PLAIN SSP_ENCRYPTING
import { createServer } from 'node:http'
import { chromium } from 'playwright-core'

const [root, dashboard, plain, encrypting] = process.argv.slice(2)
const CONSUMER = `${root}/v3-ext/auth/OS-FEDERATION/SSO/SAML2/POST`
const args =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: args.split(' ') })
const posted = []
const server = createServer(async (request, response) => {
  let body = ''
  for await (const part of request) body += part
  if (request.method === 'POST') posted.push(new URLSearchParams(body).get('token'))
  response.end('welcome')
}).listen(Number(new URL(dashboard).port), '127.0.0.1')

async function newPage() {
  const page = await (await browser.newContext()).newPage()
  page.setDefaultTimeout(15_000)
  return page
}

const start = (idp, origin = dashboard) =>
  `${root}/v3/auth/OS-FEDERATION/identity_providers/${idp}/protocols/saml2/websso?origin=${encodeURIComponent(origin)}`
const unasked = (provider) =>
  `${provider}/saml2/idp/SSOService.php?spentityid=${encodeURIComponent(root)}&RelayState=x`

async function signIn(page, from) {
  await page.goto(from)
  if (await page.locator('#go').count()) return page.click('#go')
  await page.fill('input[name=username]', 'bob')
  await page.fill('input[name=password]', 'secret')
  await page.press('input[name=password]', 'Enter')
}

/** What the provider's page would post to the consumer; it is held back. */
async function heldBack(page, from) {
  const held = new Promise((resolve) => {
    page.route(CONSUMER, (route) => {
      resolve(new URLSearchParams(route.request().postData()))
      return route.abort()
    })
  })
  await signIn(page, from)
  const form = await held
  await page.unroute(CONSUMER)
  return form
}

/** Posts a form as a page of another site would. */
async function post(page, form) {
  await page.goto(dashboard.replace('127.0.0.1', 'localhost'))
  await page.evaluate(
    ([action, fields]) => {
      const made = document.createElement('form')
      Object.assign(made, { method: 'post', action })
      for (const [name, value] of fields)
        made.append(Object.assign(document.createElement('input'), { name, value }))
      document.body.append(made)
      made.submit()
    },
    [CONSUMER, [...form]],
  )
}

/** The status it ends in when the consumer refuses. */
async function refusal(page, form) {
  const last = page.waitForResponse((answer) => answer.url() === CONSUMER && answer.status() !== 200)
  await post(page, form)
  return (await last).status()
}

async function scopedBy(token) {
  const scope = { project: { name: 'alpha', domain: { id: 'default' } } }
  const auth = { identity: { methods: ['token'], token: { id: token } }, scope }
  const answer = await fetch(`${root}/v3/auth/tokens`, {
    method: 'POST',
    body: JSON.stringify({ auth }),
    headers: { 'content-type': 'application/json' },
  })
  if (answer.status !== 201) return `${answer.status}`
  const headers = { 'x-auth-token': answer.headers.get('x-subject-token') }
  const { user, project, roles } = (await answer.json()).token
  const used = await fetch(`${root}/v3/auth/projects`, { headers })
  const seen = (await used.json()).projects.map(({ name }) => name)
  return [user.name, project.name, roles.map(({ name }) => name).sort(), `uses ${seen}`].join('|')
}

async function arrives(idp) {
  const page = await newPage()
  await signIn(page, start(idp))
  await page.waitForURL(dashboard)
  return scopedBy(posted.pop())
}

const multipart = (idp, response) => {
  const body = new FormData()
  body.set('SAMLResponse', response)
  return fetch(`${root}/v3.0/OS-FEDERATION/tokens`, { method: 'POST', body, headers: { 'x-idp-id': idp } })
}

/** One letter or digit of the answer changed, wherever a signature covers it; `count` times. */
async function changed(idp, response, count) {
  const xml = Buffer.from(response, 'base64').toString()
  // What the signer says of its key, unused bits of Base64, and prefixes are nobody's proof of anything.
  const untouched = [...xml.matchAll(/<ds:X509Certificate>[^<]*|.==?<|xmlns:\w+="[^"]*"/g)]
  const statuses = new Set()
  let seed = 20261122
  const random = (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  for (let done = 0; done < count; ) {
    const at = random(xml.length)
    const inside = untouched.some(({ index, 0: text }) => at >= index && at < index + text.length)
    if (inside || !/[A-Za-z0-9]/.test(xml[at])) continue
    const letter = 'abcXYZ0189'.replace(xml[at], '')[random(9)]
    const bad = Buffer.from(`${xml.slice(0, at)}${letter}${xml.slice(at + 1)}`).toString('base64')
    statuses.add((await multipart(idp, bad)).status)
    done++
  }
  return [...statuses].sort().join(',')
}

const cases = {
  'redirect binding': () => arrives('acme'),
  'encrypted assertion from another site': () => arrives('vault'),
  'POST binding, signed request': () => arrives('umbrella'),
  'by the protocol alone': async () =>
    (await fetch(`${root}/v3/auth/OS-FEDERATION/websso/saml2?origin=${encodeURIComponent(dashboard)}`))
      .status,
  'a dashboard that is not trusted': async () =>
    (await fetch(start('acme', 'http://evil.test/'), { redirect: 'manual' })).status,
  'a second time': async () => {
    const page = await newPage()
    const form = await heldBack(page, start('acme'))
    const cookies = await page.context().cookies(CONSUMER)
    await post(page, form)
    await page.waitForURL(dashboard)
    await page.context().addCookies(cookies)
    return `${await scopedBy(posted.pop())}, then ${await refusal(page, form)}`
  },
  'in another browser': async () => {
    const form = await heldBack(await newPage(), start('acme'))
    return refusal(await newPage(), form)
  },
  'in another browser that is signing in itself': async () => {
    const form = await heldBack(await newPage(), start('acme'))
    const page = await newPage()
    await heldBack(page, start('acme'))
    return refusal(page, form)
  },
  'begun at the provider': async () => {
    const page = await newPage()
    const last = page.waitForResponse(CONSUMER)
    await signIn(page, unasked(plain))
    return (await last).status()
  },
}
for (const [idp, provider] of Object.entries({ acme: plain, vault: encrypting })) {
  cases[`posted as a form, ${idp}`] = async () => {
    const form = await heldBack(await newPage(), unasked(provider))
    const response = form.get('SAMLResponse')
    const fuzzed = await changed(idp, response, 200)
    const foreign = (await multipart(idp === 'acme' ? 'vault' : 'acme', response)).status
    const first = await multipart(idp, response)
    const scoped = await scopedBy(first.headers.get('x-subject-token'))
    const second = (await multipart(idp, response)).status
    return `changed ${fuzzed}; as another provider’s ${foreign}; ${scoped}; again ${second}`
  }
}

for (const [name, run] of Object.entries(cases)) {
  try {
    console.log(`${name}: ${await run()}`)
  } catch (error) {
    console.log(`${name}: ${`${error}`.split('\n')[0]}`)
  }
  for (const context of browser.contexts()) await context.close()
}
await browser.close()
server.close()
