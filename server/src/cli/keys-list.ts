import { listSealedKeys } from '../store/sealed-keys.ts'
import type { CommandInput } from './command.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse keys list` */
export async function run({ settings, print }: CommandInput): Promise<void> {
  const rows = await withContext(settings, (ctx) => listSealedKeys(ctx.store.db))
  const primaryOf = (wanted: string): number =>
    Math.max(...rows.filter(({ purpose }) => purpose === wanted).map(({ id }) => Number(id)))
  print.table(
    rows.map(({ purpose, id, state, created_at }) => ({
      purpose,
      id,
      role: purpose === 'jws' ? state : numberedRole(Number(id), primaryOf(purpose)),
      created: new Date(created_at / 1000).toISOString(),
    })),
  )
}

/** Keys of tokens and of receipts are numbered alike: 0 is the next primary, the highest number encrypts. */
function numberedRole(index: number, primary: number): string {
  if (index === primary) return 'primary'
  return index === 0 ? 'staged' : 'secondary'
}
