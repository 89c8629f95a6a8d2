import { type Delegation, delegations } from '../flows/delegation-graph.ts'
import type { CommandInput } from './command.ts'
import { visible } from './print.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse delegation graph [--dot]`: who may act for whom, through what. */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  await withContext(settings, async (ctx) => {
    const edges = await delegations(ctx)
    if (options['dot']) print.line(dotOf(edges))
    else print.picture(textOf(edges), edges)
  })
}

function textOf(edges: readonly Delegation[]): string {
  if (edges.length === 0) return 'nobody acts for anybody'
  return edges
    .flatMap((edge) => [
      `${edge.trusted} ──▶ ${edge.account}  (${edge.through.kind} ${edge.through.name}${edge.expires ? `, until ${edge.expires}` : ''})`,
      ...edge.agents.map((agent) => `  ├ ${agent}`),
      `  └ may: ${edge.grants.map(({ role, on }) => `${role} on ${on}`).join(', ') || 'nothing'}`,
    ])
    .map(visible)
    .join('\n')
}

function dotOf(edges: readonly Delegation[]): string {
  const text = (value: string): string => JSON.stringify(value)
  const lines = edges.map(
    ({ trusted, account, through, grants }) =>
      `  ${text(trusted)} -> ${text(account)} [label=${text(`${through.name}: ${grants.map(({ role }) => role).join(', ')}`)}]`,
  )
  return ['digraph delegation {', '  rankdir=LR', '  node [shape=box]', ...lines, '}'].join('\n')
}
