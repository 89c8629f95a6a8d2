import { listSealedKeys } from '../store/sealed-keys.ts'
import type { CommandInput } from './command.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse keys list` */
export async function run({ settings, print }: CommandInput): Promise<void> {
  const rows = await withContext(settings, (ctx) => listSealedKeys(ctx.store.db))
  const primary = Math.max(...rows.filter(({ purpose }) => purpose === 'fernet').map(({ id }) => Number(id)))
  print.table(
    rows.map(({ purpose, id, state, created_at }) => ({
      purpose,
      id,
      role: purpose === 'fernet' ? fernetRole(Number(id), primary) : state,
      created: new Date(created_at / 1000).toISOString(),
    })),
  )
}

function fernetRole(index: number, primary: number): string {
  if (index === primary) return 'primary'
  return index === 0 ? 'staged' : 'secondary'
}
