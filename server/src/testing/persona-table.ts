/** The table of who may do what, as text: one line an operation, one column a place, one letter a persona. */
import { PLACES, ROLES, WAYS } from './keystone-world.ts'

/** Cells of a row in the order of `COLUMNS`, or `public`: anybody, by proofs of the operation's own. */
export type Row = readonly string[] | 'public'

const LETTERS = { reader: 'r', member: 'm', manager: 'g', admin: 'a' } as const
const WAY_LETTERS = { trust: 't', application_credential: 'c', oauth1: 'o', ec2: 'e' } as const

/** A persona and the letter that stands for one who is admitted. */
type Lettered = readonly [name: string, letter: string]

const GROUPS: readonly (readonly [title: string, personas: readonly Lettered[]])[] = [
  ['nobody', [['nobody', '+']]],
  ...PLACES.map(
    (place) => [place, ROLES.map((role) => [`${place}_${role}`, LETTERS[role]] as const)] as const,
  ),
  ['owner', [['owner', '+']]],
  ['service', [['service', '+']]],
  ...(['owner', 'admin'] as const).map(
    (who) => [`${who}_by`, WAYS[who].map((way) => [`${who}_by_${way}`, WAY_LETTERS[way]] as const)] as const,
  ),
]

export const COLUMNS: readonly string[] = GROUPS.map(([title]) => title)

export function cellsOf(admitted: ReadonlySet<string>): readonly string[] {
  return GROUPS.map(([, personas]) =>
    personas.map(([name, letter]) => (admitted.has(name) ? letter : '-')).join(''),
  )
}

const HEAD = `# Who may do what on the Keystone wire. Written by personas.test.ts, which compares every cell with what happens.
# Places: reader, member, manaGer, admin (rmga) on the project, the domain or the system; other_*: in another domain.
# owner: member on the project, whose things they are. service: role service on the project. *_by: through a trust,
# an application credential, OAuth1, an EC2 key (tcoe) of the owner's, or of a project admin's. - is refused.
`

export function writeTable(rows: ReadonlyMap<string, Row>): string {
  const lines = [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const line = (cells: readonly string[]) => `${cells.join('\t')}\n`
  const body = lines.map(([name, row]) => line([name, ...(row === 'public' ? [row] : row)]))
  return `${HEAD}${line(['operation', ...COLUMNS])}${body.join('')}`
}

export function readTable(text: string): ReadonlyMap<string, Row> {
  const [, ...lines] = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const [name = '', ...cells] = line.split('\t')
      return [name, cells[0] === 'public' ? 'public' : cells]
    }),
  )
}
