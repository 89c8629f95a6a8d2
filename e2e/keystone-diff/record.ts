/** Writes one call and its answer as readable text: the raw facts that an implementation is checked against. */
import type { Answer } from './side.ts'

const quiet = new Set(['connection', 'date', 'content-length', 'x-openstack-request-id', 'server'])

/** Tokens are shortened; everything else is as it went over the wire. */
export const recordOf = (name: string, answer: Answer): string => {
  const { sent } = answer
  const lines = [`### ${name}`, `> ${sent.method} ${sent.path}`]
  for (const [key, value] of Object.entries(sent.headers))
    if (key !== 'accept' && key !== 'x-auth-token') lines.push(`> ${key}: ${value}`)
  if (sent.body !== '') lines.push(`> ${sent.body.slice(0, 4000)}`)
  lines.push(`< ${answer.status}`)
  for (const [key, value] of Object.entries(answer.headers))
    if (!quiet.has(key)) lines.push(`< ${key}: ${value}`)
  if (answer.text !== '') lines.push(answer.text.trimEnd())
  return `${lines.join('\n').replace(/(gAAAA\w{6})[\w=-]{30,}/g, '$1…')}\n`
}
