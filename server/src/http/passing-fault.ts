/**
 * Faults that pass by themselves or by the operator's hand, with nothing wrong in here: the database is away, locked, full,
 * read-only, going down, lets nobody in, or broke off a change or a query; or no more files can be opened.
 */
export function isPassing(error: unknown): boolean {
  const { code, errcode, syscall, message } = error as Partial<Record<string, unknown>>
  if (typeof errcode === 'number') return [5, 6, 8, 10, 13, 14].includes(errcode & 0xff)
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true
  if (typeof code === 'string')
    return /^(ECONN|EPIPE|ETIMEDOUT|ENOSPC|EMFILE|ENFILE|25006|25P03|28|57|08|40|53|55|58|3D000)/.test(code)
  return typeof message === 'string' && LOST.test(message)
}

/** What the driver of PostgreSQL says of a connection that is lost, silent or not to be had; such errors have no code. */
const LOST =
  /^(Connection terminated|Client has encountered a connection error|Query read timeout|timeout exceeded when trying to connect|SASL: )/
