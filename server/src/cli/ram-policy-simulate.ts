import { readFileSync } from 'node:fs'
import type { RequestFacts } from '../core/policy/statements/condition.ts'
import { type Decision, evaluate } from '../core/policy/statements/evaluate.ts'
import type { StatementPolicy } from '../core/policy/statements/statement.ts'
import { heldRamPolicies } from '../flows/ram-policies.ts'
import { accountNumberOf } from '../flows/ram-principal.ts'
import { sessionPolicyStatements } from '../flows/role-session.ts'
import { isAccountUser } from '../flows/role-trust.ts'
import { groupIdsOf } from '../store/grants.ts'
import { agencyNamed } from './agencies.ts'
import { type CommandInput, UsageError } from './command.ts'
import { userNamed } from './operator.ts'
import { withContext } from './with-context.ts'

/**
 * `tokenhouse ram policy simulate ACTION RESOURCE --user NAME`: what a user's or a role's policies say, and which
 * statement decided. False when it is not allowed.
 */
export async function run({ settings, args, options, print }: CommandInput): Promise<boolean> {
  const [action = '', wanted = ''] = args
  const { user, role, domain } = options
  if ((user === undefined) === (role === undefined))
    throw new UsageError('one of --user and --role is needed')
  const session =
    options['sessionPolicy'] === undefined ? [] : [sessionPolicy(String(options['sessionPolicy']))]
  const facts = factsOf(options['facts'])
  return withContext(settings, async (ctx) => {
    const person = user === undefined ? undefined : await userNamed(ctx, String(user), domain)
    const who = person ?? (await agencyNamed(ctx, String(role), domain))
    const kind = person ? 'user' : 'agency'
    const groups = person ? await groupIdsOf(ctx.store.db, person.id) : []
    const identity = await heldRamPolicies(ctx, { kind, id: who.id }, groups)
    const resource = wanted.replaceAll('{account}', await accountNumberOf(ctx, who.domain.id))
    const policies = { identity, ...(session.length > 0 ? { session } : {}) }
    const decision = evaluate(policies, { action, resource, facts })
    if (person && (await isAccountUser(ctx, { user: person, groups: [] }))) {
      print.record({ action, resource, ...told(THE_ACCOUNT), decidedBy: 'the account itself' })
      return true
    }
    print.record({ action, resource, ...told(decision) })
    return decision.allowed
  })
}

const THE_ACCOUNT: Decision = { allowed: true, effect: 'allow' }

function told({ allowed, effect, decidedBy }: Decision) {
  return {
    allowed,
    effect,
    decidedBy: decidedBy
      ? `${decidedBy.kind} policy ${decidedBy.policy}, statement ${decidedBy.index}`
      : 'no statement',
    policy: decidedBy?.policy ?? null,
    statement: decidedBy?.index ?? null,
  }
}

function sessionPolicy(file: string): StatementPolicy {
  const statements = sessionPolicyStatements(readFileSync(file, 'utf8'))
  if ('problem' in statements) throw new UsageError(`${file}: ${statements.at} ${statements.problem}`)
  return { name: file, statements }
}

/** `acs:SourceIp=10.0.0.1,acs:MFAPresent=true` */
function factsOf(option: string | boolean | undefined): RequestFacts {
  if (typeof option !== 'string') return {}
  return Object.fromEntries(
    option.split(',').map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new UsageError(`${pair} is not KEY=VALUE`)
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
    }),
  )
}
