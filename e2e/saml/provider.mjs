// @ts-nocheck: runs in a folder of its own, where its packages are installed.
// The second identity provider: samlify. It takes requests by HTTP-POST and signed only, and answers with a signed assertion
// that is encrypted (AES-GCM), in a response that is not signed itself; programs get theirs in an envelope. Everybody is carol.
//   node provider.mjs PORT FOLDER_WITH_KEY_AND_CERTIFICATE TOKENHOUSE_METADATA_FILE
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import samlify from 'samlify'

const [port, folder, spFile] = process.argv.slice(2)
const base = `http://127.0.0.1:${port}`
const { binding } = samlify.Constants.namespace
// Which schemas there are is not what this is about.
samlify.setSchemaValidator({ validate: async () => 'not asked' })
const metadata = readFileSync(spFile, 'utf8')
const sp = samlify.ServiceProvider({ metadata, authnRequestsSigned: true })
const idp = samlify.IdentityProvider({
  entityID: `${base}/metadata`,
  singleSignOnService: [{ Binding: binding.post, Location: `${base}/sso` }],
  signingCert: readFileSync(join(folder, 'idp.crt'), 'utf8'),
  privateKey: readFileSync(join(folder, 'idp.key'), 'utf8'),
  requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  wantAuthnRequestsSigned: true,
  isAssertionEncrypted: true,
  dataEncryptionAlgorithm: 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
  keyEncryptionAlgorithm: 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
  nameIDFormat: ['urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'],
})

const attribute = (name, value) =>
  `<saml:Attribute Name="${name}"><saml:AttributeValue>${value}</saml:AttributeValue></saml:Attribute>`
const statements = `<saml:AuthnStatement AuthnInstant="{IssueInstant}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>${attribute('uid', 'carol')}${attribute('groups', 'staff')}</saml:AttributeStatement>`

/** samlify writes no statements of its own; its template gets them, and its values. */
function answerTo(request, consumer) {
  const now = new Date()
  const later = new Date(now.getTime() + 300_000).toISOString()
  const id = `_${randomUUID()}`
  return (template) => {
    const values = {
      ID: id,
      AssertionID: `_${randomUUID()}`,
      Destination: consumer,
      SubjectRecipient: consumer,
      Audience: sp.entityMeta.getEntityID(),
      Issuer: idp.entityMeta.getEntityID(),
      IssueInstant: now.toISOString(),
      ConditionsNotBefore: now.toISOString(),
      ConditionsNotOnOrAfter: later,
      SubjectConfirmationDataNotOnOrAfter: later,
      StatusCode: 'urn:oasis:names:tc:SAML:2.0:status:Success',
      NameIDFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
      NameID: 'carol',
      InResponseTo: request.id,
    }
    const text = template.replace('{AuthnStatement}{AttributeStatement}', statements)
    return { id, context: text.replace(/\{(\w+)\}/g, (_, name) => values[name]) }
  }
}

async function signOn(form) {
  const asked = await idp.parseLoginRequest(sp, 'post', { body: { SAMLRequest: form.get('SAMLRequest') } })
  const user = { email: 'carol' }
  const replaced = answerTo(asked.extract.request, sp.entityMeta.getAssertionConsumerService('post'))
  const { context } = await idp.createLoginResponse(sp, asked, 'post', user, replaced)
  const state = form.get('RelayState').replace(/[^\w-]/g, '')
  return `<form method="post" action="${sp.entityMeta.getAssertionConsumerService('post')}"><input type="hidden" name="SAMLResponse" value="${context}"><input type="hidden" name="RelayState" value="${state}"><button id="go">I am carol</button></form>`
}

/** Who brings a name and a password has an envelope for their answer (SAML 2.0 ECP); samlify makes the answer as ever. */
async function carried(envelope, authorization) {
  const [, password] = atob(`${authorization}`.replace(/^Basic /, '')).split(':')
  if (password !== 'secret') return undefined
  const [, id] = /<samlp:AuthnRequest[^>]*\bID="([^"]+)"/.exec(envelope)
  const [, consumer] = /\bAssertionConsumerServiceURL="([^"]+)"/.exec(envelope)
  if (!metadata.includes(`bindings:PAOS" Location="${consumer}"`)) throw new Error(`answers at ${consumer}`)
  const request = { extract: { request: { id } } }
  const user = { email: 'carol' }
  const { context } = await idp.createLoginResponse(sp, request, 'post', user, answerTo({ id }, consumer))
  const soap = 'http://schemas.xmlsoap.org/soap/envelope/'
  const header = `<ecp:Response xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" S:mustUnderstand="1" S:actor="http://schemas.xmlsoap.org/soap/actor/next" AssertionConsumerServiceURL="${consumer}"/>`
  const body = Buffer.from(context, 'base64')
    .toString()
    .replace(/^<\?xml[^>]*\?>/, '')
  return `<S:Envelope xmlns:S="${soap}"><S:Header>${header}</S:Header><S:Body>${body}</S:Body></S:Envelope>`
}

createServer(async (request, response) => {
  try {
    if (request.url === '/metadata') return response.end(idp.getMetadata())
    let body = ''
    for await (const part of request) body += part
    if (request.url === '/ecp') {
      const answer = await carried(body, request.headers.authorization)
      return response.writeHead(answer ? 200 : 401, { 'content-type': 'text/xml' }).end(answer)
    }
    const page = await signOn(new URLSearchParams(body))
    response.setHeader('content-type', 'text/html').end(page)
  } catch (error) {
    console.error(error)
    response.writeHead(400).end(`${error}`)
  }
}).listen(Number(port), '127.0.0.1', () => console.log(`ready ${base}`))
