/** Access rules: what an application credential may be used for, shared by a user's credentials. */
import { found, refuse } from '../../../core/refusal.ts'
import type { AccessRuleFacts } from '../../../core/session.ts'
import type { Incoming } from '../../../http/operation.ts'
import {
  deleteAccessRule,
  findAccessRule,
  isAccessRuleUsed,
  listAccessRules,
} from '../../../store/application-credentials.ts'
import { findUser } from '../../../store/identity.ts'
import { collection, filtersFrom, selfLink } from '../collection.ts'
import { refuseDelegated } from '../delegated.ts'
import { type Call, change, operation } from '../operation.ts'

const ALL = '/v3/users/:user_id/access_rules'
const ONE = `${ALL}/:access_rule_id`
const DELEGATED = 'Cannot manage application credentials with a token issued via delegation.'

const ofUser = {
  load: ({ ctx, params }: Pick<Call, 'ctx' | 'params'>) =>
    findUser(ctx.store.db, { id: params['user_id'] ?? '' }),
  target: (user: { readonly id: string } | undefined) => ({ 'target.user.id': user?.id ?? null }),
}

function body(incoming: Incoming, rule: AccessRuleFacts) {
  const { id, service, path, method } = rule
  return { id, service, path, method, links: selfLink(incoming, `access_rules/${id}`) }
}

/** The rule in the path, when it is the path's user's: another's is not there. */
async function ruleOf(call: Pick<Call, 'ctx' | 'params'>): Promise<AccessRuleFacts> {
  const id = call.params['access_rule_id'] ?? ''
  const rule = await findAccessRule(call.ctx.store.db, id)
  return found(rule?.userId === call.params['user_id'] ? rule : undefined, 'Access Rule', id)
}

const list = operation({
  id: 'list_access_rules',
  method: 'GET',
  path: ALL,
  policy: 'identity:list_access_rules',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  ...ofUser,
  handle: async (call) => {
    refuseDelegated(call.caller, DELEGATED, ['application_credential'])
    const filters = filtersFrom(call.query, {
      service: { column: 'service' },
      path: { column: 'path' },
      method: { column: 'method' },
    })
    const rules = await listAccessRules(call.ctx.store.db, call.params['user_id'] ?? '', filters)
    return {
      body: collection(
        call,
        'access_rules',
        rules.map((rule) => body(call, rule)),
      ),
    }
  },
})

const show = operation({
  id: 'get_access_rule',
  method: 'GET',
  path: ONE,
  policy: 'identity:get_access_rule',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  ...ofUser,
  handle: async (call) => {
    refuseDelegated(call.caller, DELEGATED, ['application_credential'])
    return { body: { access_rule: body(call, await ruleOf(call)) } }
  },
})

const remove = operation({
  id: 'delete_access_rule',
  method: 'DELETE',
  path: ONE,
  policy: 'identity:delete_access_rule',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  ...ofUser,
  handle: async (call) => {
    refuseDelegated(call.caller, DELEGATED, ['application_credential'])
    const { id } = await ruleOf(call)
    await change(call, `access_rule:${id}`, async (tx) => {
      if (await isAccessRuleUsed(tx, id)) {
        refuse('forbidden', 'in use', { message: 'May not delete access rule in use' })
      }
      await deleteAccessRule(tx, id)
    })
    return {}
  },
})

export const accessRuleOperations = [list, show, remove]
