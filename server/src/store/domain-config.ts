/** Options that a domain has of its own. Values are kept as they come: JSON, or sealed text for the secret ones. */
import type { Db } from './store.ts'

export interface DomainOption {
  readonly group: string
  readonly option: string
  readonly value: string
}

/** Which part of a domain's configuration: all of it, one group, or one option. */
export interface ConfigPart {
  readonly group?: string
  readonly option?: string
}

export async function listDomainOptions(
  db: Db,
  domainId: string,
  part: ConfigPart = {},
): Promise<readonly DomainOption[]> {
  let query = db
    .selectFrom('domain_config')
    .select(['group_name', 'option_name', 'value'])
    .where('domain_id', '=', domainId)
  if (part.group !== undefined) query = query.where('group_name', '=', part.group)
  if (part.option !== undefined) query = query.where('option_name', '=', part.option)
  const rows = await query.orderBy('group_name').orderBy('option_name').execute()
  return rows.map((row) => ({ group: row.group_name, option: row.option_name, value: row.value }))
}

/** Writes options; those that are there get the new value. */
export async function putDomainOptions(
  tx: Db,
  domainId: string,
  options: readonly DomainOption[],
): Promise<void> {
  if (options.length === 0) return
  await tx
    .insertInto('domain_config')
    .values(
      options.map(({ group, option, value }) => ({
        domain_id: domainId,
        group_name: group,
        option_name: option,
        value,
      })),
    )
    .onConflict((c) =>
      c
        .columns(['domain_id', 'group_name', 'option_name'])
        .doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
    )
    .execute()
}

export async function deleteDomainOptions(tx: Db, domainId: string, part: ConfigPart = {}): Promise<void> {
  let query = tx.deleteFrom('domain_config').where('domain_id', '=', domainId)
  if (part.group !== undefined) query = query.where('group_name', '=', part.group)
  if (part.option !== undefined) query = query.where('option_name', '=', part.option)
  await query.execute()
}
