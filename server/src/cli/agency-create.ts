import { change } from '../flows/change.ts'
import { findAgency, insertAgency } from '../store/agencies.ts'
import { newId } from '../store/ids.ts'
import { agencyRow, needed } from './agencies.ts'
import { CommandError, type CommandInput, UsageError } from './command.ts'
import { domainNamed, newName, operator } from './operator.ts'
import { withContext } from './with-context.ts'

const SESSION_SECONDS = 86_400
/** As many as the API takes. */
const MOST_DAYS = 36_500

/** `tokenhouse agency create NAME --domain A --trust B [--days N] [--external-id TEXT]` */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const name = newName('an agency', args[0]!, 64)
  const trust = needed(options, 'trust', '--trust')
  const days = options['days'] === undefined ? null : Number(options['days'])
  if (days !== null && !(Number.isInteger(days) && days > 0 && days <= MOST_DAYS))
    throw new UsageError(`--days is a number of days from 1 to ${MOST_DAYS}`)
  await withContext(settings, async (ctx) => {
    const [account, trusted] = [await domainNamed(ctx, options['domain']), await domainNamed(ctx, trust)]
    const now = ctx.now()
    const id = newId()
    const agency = await change(ctx, operator('create_agency'), `agency:${id}`, async (tx) => {
      if (await findAgency(tx, { domainId: account.id, name })) {
        throw new CommandError(`account ${account.name} has an agency ${name}`)
      }
      await insertAgency(tx, {
        id,
        domainId: account.id,
        kind: 'agency',
        name,
        description: String(options['description'] ?? ''),
        trustDomainId: trusted.id,
        trustPolicy: null,
        durationHours: days === null ? null : days * 24,
        expiresAt: days === null ? null : now + days * 86_400e6,
        maxSessionSeconds: SESSION_SECONDS,
        externalId: typeof options['externalId'] === 'string' ? options['externalId'] : null,
        guards: {},
        extra: {},
        createdAt: now,
      })
      return findAgency(tx, { id })
    })
    if (agency) print.record(agencyRow(agency))
  })
}
