// @ts-nocheck: runs in a folder of its own, where its packages are installed.
// Real Chromium: dashboard -> Tokenhouse -> provider's login and consent -> back -> the page that posts the token. Prints one
// line a case, `name=outcome`: what the dashboard shows, or the status of the refusal.
//   node browser.mjs DASHBOARD TOKENHOUSE_ROOT PROVIDER
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const [dashboard, root, provider] = process.argv.slice(2)
const websso = `${root}/v3/auth/OS-FEDERATION/websso/openid`
const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'chromium-')), {
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: [
    ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
    ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  ],
})
const page = await context.newPage()
const say = (name, outcome) => console.log(`${name}=${outcome}`)
const statusOf = async (url) => (await page.goto(url)).status()

/** Through the provider's own pages, as `bob`, with any password. */
async function signInAtProvider() {
  await page.fill('input[name=login]', 'bob')
  await page.fill('input[name=password]', 'x')
  await page.click('button[type=submit]')
  await page.click('button[type=submit]')
}

async function everything() {
  say('stranger', await statusOf(`${websso}?origin=${encodeURIComponent('http://evil.test/auth/websso/')}`))

  const callbacks = []
  page.on('request', (request) => {
    if (request.url().includes('/websso/callback')) callbacks.push(request.url())
  })
  await page.goto(dashboard)
  await page.click('#sign-in')
  await page.waitForURL(`${provider}/**`)
  const asked = new URL(
    (
      await page.request.get(websso, {
        params: { origin: `${dashboard}/auth/websso/` },
        maxRedirects: 0,
      })
    ).headers().location,
  ).searchParams
  say('asks', [asked.get('response_type'), asked.get('code_challenge_method'), asked.has('nonce')].join('|'))
  // The request above has replaced the browser's cookie: the sign-in that was under way is not the cookie's any more.
  await signInAtProvider()
  await page.waitForURL('**/websso/callback**')
  say('crossed', await page.evaluate(() => document.body.innerText.includes('"code":401')))

  // Once more; the provider remembers bob by now.
  await page.goto(dashboard)
  await page.click('#sign-in')
  await page.waitForSelector('#who')
  say('dashboard', await page.textContent('#who'))
  const left = await context.cookies(root)

  say(
    'cookies',
    left.filter(({ name }) => name.includes('websso')).map(({ name }) => name),
  )

  say('replay', await statusOf(callbacks.at(-1)))
  const other = await (
    await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  ).newPage()
  say('other-browser', (await other.goto(callbacks.at(-1))).status())
  await other.context().browser().close()

  // What keystoneauth's v3oidcauthcode is given: a code that a browser brought to an address of the user's own.
  for (const name of ['code', 'code-for-id']) {
    const request = new URLSearchParams({
      client_id: 'tokenhouse',
      redirect_uri: 'http://127.0.0.1/done',
      response_type: 'code',
      scope: 'openid profile',
      // In the ID token itself; without asking they are userinfo's alone.
      claims: JSON.stringify({ id_token: { groups: null } }),
    })
    const arrived = page.waitForRequest('http://127.0.0.1/done**')
    await page.goto(`${provider}/auth?${request}`, { waitUntil: 'commit' }).catch(() => undefined)
    const consent = page.click('button[type=submit]', { timeout: 3000 }).catch(() => undefined)
    say(name, new URL((await arrived).url()).searchParams.get('code'))
    await consent
  }
}

try {
  await everything()
} finally {
  await context.close()
}
