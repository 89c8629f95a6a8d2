/**
 * XML as SAML needs it: parsed once, without anything that could make two readers see two documents. No DTD, no entities,
 * no comments, no CDATA, no processing instructions (CVE-2013-1664, CVE-2025-29775); duplicate ids are refused.
 */

export const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion'
export const SAML1 = 'urn:oasis:names:tc:SAML:1.0:assertion'
export const SAMLP = 'urn:oasis:names:tc:SAML:2.0:protocol'
export const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
export const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata'
export const XENC = 'http://www.w3.org/2001/04/xmlenc#'
export const XENC11 = 'http://www.w3.org/2009/xmlenc11#'

interface Found {
  readonly length: number
  item(index: number): Element | null
}

interface Searchable {
  getElementsByTagName(name: string): Found
  getElementsByTagNameNS(namespace: string, name: string): Found
}

/** What is used of the parser's elements; its own types want a browser's. */
export interface Element extends Searchable {
  readonly localName: string | null
  readonly namespaceURI: string | null
  readonly parentNode: unknown
  readonly textContent: string | null
  getAttribute(name: string): string | null
}

export interface Document extends Searchable {
  readonly documentElement: Element | null
}

/** What is not believed, and why. */
export class SamlFault extends Error {
  /** Our own words alone: for the audit trail, where nothing of what was brought may go. */
  readonly fault: string

  /** `said`: what the document says there. */
  constructor(fault: string, said = '') {
    super(said === '' ? fault : `${fault} ${said}`)
    this.fault = fault
  }
}

const MOST_CHARACTERS = 262_144
/**
 * Tags (each element has one or two) and attributes. Canonical form and the search for ids cost most of a response's time, and
 * cost it before anybody has proved anything.
 */
const MOST_TAGS = 4096
const MOST_ATTRIBUTES = 2048

/** The document, or a `SamlFault`. */
export async function parseXml(text: string): Promise<Document> {
  if (text.length > MOST_CHARACTERS) throw new SamlFault('too long')
  if (countOf(text, /</g) > MOST_TAGS || countOf(text, /=\s*["']/g) > MOST_ATTRIBUTES) {
    throw new SamlFault('too many tags or attributes')
  }
  const body = text.trim().replace(/^<\?xml[^?<>]*\?>/, '')
  if (/<[!?]/.test(body)) throw new SamlFault('declarations, comments, CDATA or processing instructions')
  if (/&(?!(lt|gt|amp|quot|apos|#\d{1,7}|#x[\da-fA-F]{1,6});)/.test(body)) throw new SamlFault('an entity')
  // A bundled CommonJS package has only its default export when it is imported lazily.
  const { DOMParser } = (await import('@xmldom/xmldom')).default
  // It goes on after a fault, and slower with each of them: the first one ends it.
  const note = (message: string): never => {
    throw new Error(message)
  }
  const parser = new DOMParser({ errorHandler: { warning: note, error: note, fatalError: note } })
  let parsed: Document
  try {
    parsed = parser.parseFromString(body, 'text/xml') as unknown as Document
  } catch (error) {
    throw new SamlFault('not XML:', (error as Error).message)
  }
  if (!parsed?.documentElement) throw new SamlFault('not XML:', 'empty')
  demandDistinctIds(parsed)
  return parsed
}

function countOf(text: string, mark: RegExp): number {
  return text.match(mark)?.length ?? 0
}

function demandDistinctIds(parsed: Document): void {
  const seen = new Set<string>()
  for (const element of everything(parsed)) {
    for (const name of ['ID', 'Id', 'id', 'AssertionID']) {
      const id = element.getAttribute(name)
      if (!id) continue
      if (seen.has(id)) throw new SamlFault('the same id twice:', id)
      seen.add(id)
    }
  }
}

function everything(parsed: Document): readonly Element[] {
  return listOf(parsed.getElementsByTagName('*'))
}

/** Elements of that name anywhere below. */
export function below(node: Document | Element, namespace: string, name: string): readonly Element[] {
  return listOf(node.getElementsByTagNameNS(namespace, name))
}

/** Elements of that name right below. */
export function children(node: Element, namespace: string, name: string): readonly Element[] {
  return below(node, namespace, name).filter((element) => element.parentNode === node)
}

function listOf(found: Found): readonly Element[] {
  return Array.from({ length: found.length }, (_, index) => found.item(index)).filter((e) => e !== null)
}

export function textOf(element: Element | undefined): string {
  return element?.textContent?.trim() ?? ''
}
