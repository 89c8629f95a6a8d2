/** What the operations of STS (2015-04-01) share. Not for keeping keys: a temporary key has no row anywhere. */
export const VERSION = '2015-04-01'

/** `2015-04-09T11:52:19Z` of whole seconds. */
export const isoSeconds = (seconds: number): string =>
  new Date(Math.floor(seconds) * 1000).toISOString().replace('.000', '')
