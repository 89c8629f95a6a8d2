import { createHash } from 'node:crypto'
import type { Reply } from '../../../http/operation.ts'

const SUBMIT = "document.forms['sso'].submit()"
const SUBMIT_HASH = createHash('sha256').update(SUBMIT).digest('base64')

export interface Posting {
  /** Where the browser posts to. */
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  /** Where the post may lead, redirects included; undefined: wherever the other side sends the browser on to. */
  readonly onlyTo?: string
  readonly cookie: string | undefined
}

/** A page that posts a form at once, as Keystone's does: form `sso`, a hidden field for each of `fields`. */
export function postingPage({ action, fields, onlyTo, cookie }: Posting): Reply {
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" id="${name}" value="${escaped(value)}">\n`,
  )
  const page = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Signing in</title></head>
<body>
<form id="sso" name="sso" action="${escaped(action)}" method="post">
<p>Please wait.</p>
${hidden.join('')}<noscript><input type="submit" value="Continue"></noscript>
</form>
<script>${SUBMIT}</script>
</body>
</html>
`
  const formAction = onlyTo === undefined ? '' : ` form-action ${onlyTo};`
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': `default-src 'none'; script-src 'sha256-${SUBMIT_HASH}';${formAction} frame-ancestors 'none'; base-uri 'none'`,
      ...(cookie === undefined ? {} : { 'set-cookie': cookie }),
    },
    body: page,
  }
}

function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, (mark) => names[mark] ?? mark)
}
