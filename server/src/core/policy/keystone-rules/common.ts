/** What many of Keystone's rules have in common. */
import type { ScopeType } from '../rule.ts'

export const ADMIN = 'rule:admin_required'
export const ADMIN_OR_SYSTEM_READER = 'rule:admin_required or (role:reader and system_scope:all)'

export const SYSTEM_OR_PROJECT: readonly ScopeType[] = ['system', 'project']
export const EVERY_SCOPE: readonly ScopeType[] = ['system', 'domain', 'project']
