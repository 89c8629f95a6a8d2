/** Fuzzing of XML documents that is the same in every run. */

/** Numbers below `limit` that are the same in every run. */
export function seeded(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

const PIECES = [
  '<!-- -->',
  '<?x?>',
  '<![CDATA[x]]>',
  '&x;',
  '&#0;',
  ']]>',
  '<',
  '>',
  '"',
  '\u0000',
  '\ufffe',
  ' ID="_a1"',
  ' xmlns="urn:x"',
  '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_e">',
  '</saml:Assertion>',
  '<ds:Object>',
  '<saml:AttributeValue>admins</saml:AttributeValue>',
  '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>',
]

/** `xml` with one place of it cut, doubled, overwritten or put elsewhere, or with one of the pieces in it. */
export function changed(xml: string, random: (limit: number) => number): string {
  const at = random(xml.length)
  const to = at + random(60)
  const [head, piece, tail] = [xml.slice(0, at), xml.slice(at, to), xml.slice(to)]
  switch (random(5)) {
    case 0:
      return `${head}${tail}`
    case 1:
      return `${head}${piece}${piece}${tail}`
    case 2:
      return `${head}${String.fromCharCode(random(128))}${xml.slice(at + 1)}`
    case 3:
      return `${head}${PIECES[random(PIECES.length)] ?? ''}${xml.slice(at)}`
    default:
      return `${xml.slice(0, random(xml.length))}${piece}${tail}`
  }
}
