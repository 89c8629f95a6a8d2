/**
 * `npm run docs`: writes the documents that are generated from code. With --check it writes nothing and fails when one of
 * them differs from what the code says. Another generated document is one more line of `documents`.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describeCommands } from '../server/src/cli/program.ts'
import { describeSettings } from '../server/src/config.ts'
import { keystoneRules } from '../server/src/core/policy/keystone-rules/index.ts'
import { settingGroups } from '../server/src/settings.ts'
import { root } from './step.ts'

const generated = '<!-- Generated from the code by `npm run docs`; changes here are overwritten. -->'

const documents: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': configuration,
  'docs/command-line.md': commandLine,
  'docs/policy.md': policy,
}

const stale = Object.entries(documents).filter(([path, write]) => {
  const file = join(root, path)
  const text = write()
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return false
  if (process.argv.includes('--check')) return true
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  console.log(`wrote ${path}`)
  return false
})
for (const [path] of stale) console.error(`${path} differs from the code: run \`npm run docs\``)
process.exitCode = stale.length === 0 ? 0 : 1

function configuration(): string {
  const sections = Object.entries(settingGroups).map(([group, heading]) => {
    const rows = describeSettings().filter((setting) => setting.group === group)
    const lines = rows.map(
      ({ name, env, shape, initial, help, secret }) =>
        `| \`${name}\` | \`${env}\` | \`${escaped(shape)}\` | ${initial === '' ? '' : `\`${escaped(initial)}\``} | ${escaped(help)}${secret ? ' (secret)' : ''} |`,
    )
    return [
      `## ${heading}`,
      '',
      '| setting | variable | value | default | |',
      '|---|---|---|---|---|',
      ...lines,
      '',
    ].join('\n')
  })
  return `${generated}

# Configuration

A setting is a flag (\`--NAME\`), an environment variable, or a key of a TOML file that \`--config FILE\` or
\`TOKENHOUSE_CONFIG\` names. A flag wins over a variable, that over the file, that over the default. Relative paths are taken
from the working folder, in a file from the file's folder. Unknown names and values that are not of the kind below refuse to
start, with the name of the setting; booleans are \`true\` or \`false\` and nothing else. Values marked secret are never
printed; prefer a variable or a file to a flag for them, since flags are visible to other users of the machine.

${sections.join('\n')}`
}

function commandLine(): string {
  const sections = describeCommands().map(
    ({ name, help }) => `## tokenhouse ${name}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`,
  )
  return `${generated}

# Command line

\`npx tokenhouse COMMAND\` in the repository, \`tokenhouse COMMAND\` where the package is installed. Exit code 0: done,
1: failed, 2: called wrongly.

${sections.join('\n')}`
}

function policy(): string {
  const sections = keystoneRules.map(
    ({ name, check, deprecatedCheck, scopeTypes, operations, description }) =>
      [
        `## ${name}`,
        ...(description === '' ? [] : ['', description]),
        '',
        `- check: \`${check === '' ? ' ' : check}\`${check === '' ? ' (always true)' : ''}`,
        ...(deprecatedCheck === undefined
          ? []
          : [`- or, unless \`enforce-new-defaults\`: \`${deprecatedCheck}\``]),
        ...(scopeTypes.length === 0 ? [] : [`- scopes: ${scopeTypes.join(', ')}`]),
        ...operations.map(({ method, path }) => `- \`${method} ${path}\``),
        '',
      ].join('\n'),
  )
  return `${generated}

# Policy

Who may do what: the built-in rules, in the language of oslo.policy. A file that \`policy-file\` names replaces checks by the
name of their rule; \`tokenhouse policy check\` reads it as a start would, \`tokenhouse policy list\` shows what is in force.

${sections.join('\n')}`
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|')
}
