import { SAML, SAMLP } from './document.ts'
import { type OwnEntity, xmlText } from './metadata.ts'

const PAOS = 'urn:liberty:paos:2003-08'
const ECP = 'urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp'
const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/'

/** An AuthnRequest of that id, answered at `paosUrl`, in the envelope a program carries to its provider (SAML 2.0 ECP). */
export function ecpRequest(own: OwnEntity, request: { readonly id: string; readonly now: number }): string {
  const issued = `${new Date(request.now / 1000).toISOString().slice(0, 19)}Z`
  const url = xmlText(own.paosUrl)
  const actor = 'S:mustUnderstand="1" S:actor="http://schemas.xmlsoap.org/soap/actor/next"'
  const issuer = `<saml:Issuer xmlns:saml="${SAML}">${xmlText(own.entityId)}</saml:Issuer>`
  return `<S:Envelope xmlns:S="${SOAP}"><S:Header><paos:Request xmlns:paos="${PAOS}" responseConsumerURL="${url}" service="${ECP}" ${actor}/><ecp:Request xmlns:ecp="${ECP}" IsPassive="0" ${actor}>${issuer}</ecp:Request><ecp:RelayState xmlns:ecp="${ECP}" ${actor}>${xmlText(request.id)}</ecp:RelayState></S:Header><S:Body><samlp:AuthnRequest xmlns:samlp="${SAMLP}" ID="${xmlText(request.id)}" Version="2.0" IssueInstant="${issued}" AssertionConsumerServiceURL="${url}" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:PAOS">${issuer}<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest></S:Body></S:Envelope>`
}

/** The Response inside an envelope, as the very text that was sent; undefined when there is none, or more than one. */
export function responseIn(envelope: string): string | undefined {
  const open =
    /<([\w.-]+:)?Response(?=[\s>])[^<>]*\bxmlns(?::[\w.-]+)?="urn:oasis:names:tc:SAML:2\.0:protocol"[^<>]*>/g
  const starts = [...envelope.matchAll(open)]
  const [start] = starts
  if (!start || starts.length > 1) return undefined
  const close = `</${start[1] ?? ''}Response>`
  const end = envelope.lastIndexOf(close)
  return end < start.index ? undefined : envelope.slice(start.index, end + close.length)
}
