// @ts-nocheck: runs in a folder of its own, where its package is installed.
// A browser's way, request by request: dashboard -> Tokenhouse -> provider's login and consent -> back -> the page that posts the
// token. Prints `user|methods` of the token, or the status of the refusal.
//   node browser.mjs TOKENHOUSE_ROOT ORIGIN [replay|no-cookie]
const [root, origin, trick] = process.argv.slice(2)
const jar = new Map()

async function go(url, init = {}) {
  const { host } = new URL(url)
  const cookies = [...(jar.get(host) ?? new Map())].map(([name, value]) => `${name}=${value}`).join('; ')
  const headers = { ...init.headers, ...(cookies === '' ? {} : { cookie: cookies }) }
  const answer = await fetch(url, { ...init, headers, redirect: 'manual' })
  const kept = jar.get(host) ?? new Map()
  for (const line of answer.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    kept.set(name, value)
  }
  jar.set(host, kept)
  return answer
}

const start = `${root}/v3/auth/OS-FEDERATION/websso/openid?origin=${encodeURIComponent(origin)}`
let answer = await go(start)
if (answer.status !== 302) {
  console.log(answer.status)
  process.exit(0)
}
let url = answer.headers.get('location')
for (let step = 0; step < 20 && !url.startsWith(root); step++) {
  answer = await go(url)
  const page = await answer.text()
  const form = /<form[^>]*action="([^"]+)"/.exec(page)
  if (form) {
    const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const body = new URLSearchParams({ prompt, login: 'bob', password: 'x' })
    answer = await go(new URL(form[1], url).href, { method: 'POST', body })
  }
  const next = answer.headers.get('location')
  if (!next) throw new Error(`lost at ${url}: ${answer.status} ${page}`)
  url = new URL(next, url).href
}
if (trick === 'no-cookie') jar.clear()
const cookies = new Map(jar.get(new URL(root).host))
answer = await go(url)
if (trick === 'replay') {
  jar.set(new URL(root).host, cookies)
  answer = await go(url)
}
if (answer.status !== 200) {
  console.log(answer.status)
  process.exit(0)
}
const page = await answer.text()
const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1]
const token = /name="token"[^>]*value="([^"]+)"/.exec(page)?.[1]
if (action !== origin) throw new Error(`the page posts to ${action}`)
const shown = await fetch(`${root}/v3/auth/tokens`, {
  headers: { 'x-auth-token': token, 'x-subject-token': token },
})
const { user, methods } = (await shown.json()).token
console.log(`${user.name}|${methods}`)
