/** SQLite's extended result codes for a broken unique index and a broken primary key. */
const SQLITE_UNIQUE = [2067, 1555]
const POSTGRES_UNIQUE = '23505'

/** True when a write failed because a row with the same name or key was there already, on either engine. */
export function isUniqueViolation(error: unknown): boolean {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  return code === POSTGRES_UNIQUE || SQLITE_UNIQUE.includes(errcode as number)
}
