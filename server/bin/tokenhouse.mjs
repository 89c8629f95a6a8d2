#!/usr/bin/env node
// Syntax that every Node since 14 reads, and nothing imported before the version is known.
const oldest = 24
if (Number(process.versions.node.split('.')[0]) < oldest) {
  process.stderr.write(
    `tokenhouse needs Node ${oldest} or newer; this is Node ${process.versions.node} (${process.execPath}).\n`,
  )
  process.stderr.write(
    `Install Node ${oldest} and start again: npx tokenhouse ${process.argv.slice(2).join(' ')}\n`,
  )
  process.exit(1)
}
process.setSourceMapsEnabled(true)
await import(new URL('../dist/tokenhouse.mjs', import.meta.url).href)
