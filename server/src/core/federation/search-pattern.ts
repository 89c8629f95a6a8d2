const FLAGS = /^\(\?([aimsu]+)\)/

/**
 * A regular expression in Python's notation, as far as it means the same here: named groups, `\A`, `\Z` and leading
 * flags are rewritten, verbose mode is not. undefined when it is none. To be searched for anywhere in a text.
 */
export function searchPattern(python: string): RegExp | undefined {
  const flags = FLAGS.exec(python)?.[1] ?? ''
  const source = python
    .replace(FLAGS, '')
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    // An escaped backslash keeps what follows it from being an escape.
    .replace(/\\([\s\S])/g, (whole, letter: string) => (letter === 'A' ? '^' : letter === 'Z' ? '$' : whole))
  const own = [...new Set(flags)].filter((flag) => 'ims'.includes(flag)).join('')
  return compiled(source, `${own}u`) ?? compiled(source, own)
}

function compiled(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags)
  } catch {
    return undefined
  }
}
