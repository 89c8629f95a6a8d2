import { refuse } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'

/** A field of a posted form (`multipart/form-data` or `application/x-www-form-urlencoded`); refuses when it is missing. */
export function formField(incoming: Incoming, name: string): string {
  const value = optionalFormField(incoming, name)
  if (value) return value
  return refuse('bad_request', `no ${name} in the form`, { message: `The form has no field ${name}.` })
}

/** The same; undefined when it is missing. */
export function optionalFormField(incoming: Incoming, name: string): string | undefined {
  const type = incoming.headers['content-type'] ?? ''
  const text = incoming.rawBody.toString('utf8')
  const boundary = /^multipart\/form-data\b.*;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type)
  if (boundary) return partOf(text, boundary[1] ?? boundary[2] ?? '', name)
  return new URLSearchParams(text).get(name) ?? undefined
}

function partOf(text: string, boundary: string, name: string): string | undefined {
  for (const part of text.split(`--${boundary}`)) {
    const end = part.indexOf('\r\n\r\n')
    const head = part.slice(0, end)
    if (end === -1 || !/^content-disposition:\s*form-data\b/im.test(head)) continue
    if (/;\s*name="?([^";\r\n]*)"?/i.exec(head)?.[1] === name) return part.slice(end + 4).replace(/\r\n$/, '')
  }
  return undefined
}
