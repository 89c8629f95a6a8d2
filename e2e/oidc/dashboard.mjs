// @ts-nocheck: runs in a folder of its own, where its packages are installed.
// A dashboard as Horizon is one: it sends browsers to Tokenhouse, is brought a token by form post, and uses it: reachable
// projects, a scope, what the scoped token may.
//   node dashboard.mjs PORT TOKENHOUSE_ROOT
import { createServer } from 'node:http'

const [port, root] = process.argv.slice(2)
const own = `http://127.0.0.1:${port}`

async function send(path, { method = 'GET', token, body } = {}) {
  const headers = { 'content-type': 'application/json', ...(token ? { 'x-auth-token': token } : {}) }
  const answer = await fetch(`${root}${path}`, { method, headers, body: body && JSON.stringify(body) })
  return { headers: answer.headers, body: await answer.json() }
}

/** What Horizon does with a token from WebSSO. */
async function signIn(unscoped) {
  const { projects } = (await send('/v3/auth/projects', { token: unscoped })).body
  const identity = { methods: ['token'], token: { id: unscoped } }
  const scope = { project: { id: projects[0].id } }
  const scoped = await send('/v3/auth/tokens', { method: 'POST', body: { auth: { identity, scope } } })
  const { user, project, roles, methods } = scoped.body.token
  return [user.name, project.name, roles.map((role) => role.name).toSorted(), methods].join('|')
}

const server = createServer(async (request, response) => {
  response.setHeader('content-type', 'text/html')
  if (request.method !== 'POST') {
    const start = `${root}/v3/auth/OS-FEDERATION/websso/openid?origin=${encodeURIComponent(`${own}/auth/websso/`)}`
    response.end(`<a id="sign-in" href="${start}">Sign in</a>`)
    return
  }
  let sent = ''
  for await (const chunk of request) sent += chunk
  const token = new URLSearchParams(sent).get('token')
  response.end(`<p id="who">${await signIn(token).catch((error) => error.message)}</p>`)
})
server.listen(Number(port), '127.0.0.1', () => console.log(`ready ${own}`))
