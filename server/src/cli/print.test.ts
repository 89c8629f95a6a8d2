import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makePrint } from './print.ts'

/** Whoever may name something in an account writes to the terminal of who runs the service. */
describe('what the command line prints', () => {
  const EVIL = 'a\u001b[2J\u0007\u009b31m\u202eb\nc\r\u2028d'
  const SEEN = 'a\\u001b[2J\\u0007\\u009b31m\\u202eb\\u000ac\\u000d\\u2028d'

  const printed = (json: boolean, use: (print: ReturnType<typeof makePrint>) => void): string => {
    let out = ''
    use(
      makePrint((text) => {
        out += text
      }, json),
    )
    return out
  }

  it('a name neither commands the terminal nor begins a line, in a table and in a record', () => {
    assert.equal(printed(false, ({ table }) => table([{ name: EVIL, id: '1' }])).split('\n')[1], `${SEEN}  1`)
    assert.equal(
      printed(false, ({ record }) => record({ name: EVIL, id: '1' })),
      `name  ${SEEN}\nid    1\n`,
    )
  })

  it('a text keeps its lines and commands nothing', () => {
    assert.equal(
      printed(false, ({ line }) => line('one\n\u001b[31mtwo\r')),
      'one\n\\u001b[31mtwo\\u000d\n',
    )
  })

  it('JSON is the same to a program and harmless to a terminal', () => {
    const out = printed(true, ({ table }) => table([{ name: EVIL }]))
    assert.deepEqual(JSON.parse(out), [{ name: EVIL }])
    assert.match(out, /^[\n\x20-\x7e]+$/)
  })
})
