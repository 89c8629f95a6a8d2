/** Everything the database holds, to see that nothing changed. */
import type { House } from './house.ts'

/** All rows of all tables as text; equal texts are equal databases. */
export async function allRows({ ctx }: House): Promise<string> {
  const tables = await ctx.store.db.introspection.getTables()
  const lines: string[] = []
  for (const { name } of tables) {
    const rows = await ctx.store.db
      .selectFrom(name as 'project')
      .selectAll()
      .execute()
    lines.push(...rows.map((row) => `${name} ${JSON.stringify(row)}`))
  }
  return lines.sort().join('\n')
}
