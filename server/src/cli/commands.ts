/** Every command, in the order of the help. Its code is read only when it runs: a command starts as fast as it is small. */
import { type SettingGroup, settingGroups } from '../settings.ts'
import type { CommandRow } from './command.ts'

const everySetting = Object.keys(settingGroups) as SettingGroup[]

export const commands: readonly CommandRow[] = [
  {
    name: 'serve',
    summary: 'serve tokens; sets up an empty data folder first',
    settings: everySetting,
    examples: [
      'tokenhouse serve',
      'tokenhouse serve --data-dir /var/lib/tokenhouse --port 0 --huawei-port off',
    ],
    load: () => import('./serve.ts'),
  },
  {
    name: 'version',
    summary: 'say which version this is',
    printsData: true,
    examples: ['tokenhouse version --json'],
    load: () => import('./version.ts'),
  },
]
