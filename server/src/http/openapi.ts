/**
 * An OpenAPI 3.1 document made from a wire's operations: the same values that answer requests say here what they take,
 * who may call them and how they refuse, so the document cannot drift. And a page that shows it, with nothing to fetch.
 */
import { Refusal } from '../core/refusal.ts'
import type { Incoming, Operation } from './operation.ts'
import type { Wire } from './wire.ts'

/** The document of one wire. `title` names the API, `version` this software. */
export function openApiOf<Ctx, Caller>(
  wire: Wire<Ctx, Caller>,
  about: { readonly title: string; readonly version: string },
): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of wire.operations) {
    const path = operation.path.replace(/:([A-Za-z_]+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][operation.method.toLowerCase()] = described(wire, operation)
  }
  return {
    openapi: '3.1.0',
    info: about,
    paths,
    components: { securitySchemes: { token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' } } },
  }
}

function described<Ctx, Caller>(wire: Wire<Ctx, Caller>, operation: Operation<Ctx, Caller>): object {
  const { id, policy, otherPolicies = [], body, success, refusals, path } = operation
  const names = [...path.matchAll(/:([A-Za-z_]+)/g)].map((match) => match[1] ?? '')
  const responses: Record<string, { description: string }> = { [success]: { description: 'success' } }
  for (const code of refusals) {
    const { status } = wire.refusal(new Refusal(code, code), NOBODY)
    const before = responses[status]?.description
    responses[status] = { description: before === undefined ? code : `${before}, ${code}` }
  }
  return {
    operationId: id,
    tags: [path.split('/').find((part) => part !== '' && !/^v\d/.test(part)) ?? 'versions'],
    description:
      policy === 'public' ? 'Open to everybody.' : `Rule: ${[policy, ...otherPolicies].join(', ')}.`,
    parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...(body ? { requestBody: { content: { 'application/json': { schema: body } } } } : {}),
    responses,
    security: policy === 'public' ? [] : [{ token: [] }],
  }
}

/** A request that nobody made, to ask a wire which status a refusal has. */
const NOBODY: Incoming = {
  method: 'GET',
  url: '/',
  path: '/',
  headers: {},
  params: {},
  query: {},
  baseUrl: '',
  ownUrl: () => undefined,
  remoteAddress: '',
  left: () => new AbortController().signal,
  requestId: '',
  rawBody: Buffer.alloc(0),
}

/** A page that lists the operations of the documents at `sources` (title to address on the same server). */
export function openApiPage(sources: Readonly<Record<string, string>>): string {
  const options = Object.entries(sources)
    .map(([title, at]) => `<option value="${at}">${title}</option>`)
    .join('')
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>API of this service</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
summary{cursor:pointer;padding:.3rem 0;border-bottom:1px solid #e3e6ea}code,pre{font:13px/1.45 ui-monospace,monospace}
.m{display:inline-block;min-width:4.5rem;font-weight:600}pre{background:#f5f6f8;padding:.7rem;overflow:auto}
input,select{font:inherit;padding:.3rem .5rem;margin:.5rem .5rem .5rem 0}
@media(prefers-color-scheme:dark){body{color:#e6e8eb;background:#15181c}summary{border-color:#2b3036}pre{background:#1e2227}}
</style>
<h1>API of this service</h1>
<label>Wire <select id="wire">${options}</select></label>
<label>Filter <input id="filter" type="search" placeholder="path, name or rule"></label>
<p id="count"></p><div id="list"></div>
<script>
const $ = (id) => document.getElementById(id)
let doc
const show = () => {
  const wanted = $('filter').value.toLowerCase()
  const rows = Object.entries(doc.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, o]) => ({ path, method, o })))
    .filter(({ path, o }) => (path + o.operationId + o.description).toLowerCase().includes(wanted))
  $('count').textContent = rows.length + ' operations'
  $('list').replaceChildren(...rows.map(({ path, method, o }) => {
    const details = document.createElement('details'), summary = document.createElement('summary'), pre = document.createElement('pre'), text = document.createElement('p')
    const name = document.createElement('span'); name.className = 'm'; name.textContent = method.toUpperCase()
    const code = document.createElement('code'); code.textContent = path
    summary.append(name, code); text.textContent = o.operationId + '. ' + o.description
    pre.textContent = JSON.stringify({ body: o.requestBody?.content['application/json'].schema, responses: o.responses }, null, 2)
    details.append(summary, text, pre); return details
  }))
}
const load = async () => { doc = await (await fetch($('wire').value)).json(); show() }
$('wire').onchange = load; $('filter').oninput = show; load()
</script></html>
`
}
