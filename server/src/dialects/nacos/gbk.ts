/** GBK, which ACM's clients send and expect: Node decodes it and does not encode it. */

const decoder = new TextDecoder('gbk', { fatal: true })
let codes: ReadonlyMap<string, number> | undefined

/** Text of GBK bytes. Throws TypeError when they are none. */
export function fromGbk(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** GBK bytes of a text; a character that GBK lacks becomes `?`, as ACM's clients write it themselves. */
export function toGbk(text: string): Buffer {
  codes ??= codeTable()
  const bytes: number[] = []
  for (const character of text) {
    const point = character.codePointAt(0) as number
    if (point < 0x80) bytes.push(point)
    else {
      const code = codes.get(character) ?? 0x3f
      if (code > 0xff) bytes.push(code >> 8)
      bytes.push(code & 0xff)
    }
  }
  return Buffer.from(bytes)
}

function codeTable(): ReadonlyMap<string, number> {
  const table = new Map<string, number>([['€', 0x80]])
  const pair = new TextDecoder('gbk')
  for (let high = 0x81; high <= 0xfe; high++) {
    for (let low = 0x40; low <= 0xfe; low++) {
      if (low === 0x7f) continue
      const text = pair.decode(Uint8Array.of(high, low))
      if ([...text].length === 1 && text !== '\uFFFD' && !table.has(text)) table.set(text, (high << 8) | low)
    }
  }
  return table
}
