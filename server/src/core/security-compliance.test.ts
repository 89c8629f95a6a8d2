import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type AccountFacts,
  type ComplianceRules,
  changeFault,
  isIdle,
  isLocked,
  isPasswordExpired,
  isWellChosen,
  passwordExpiry,
} from './security-compliance.ts'

const SECOND = 1_000_000
const DAY = 86_400 * SECOND
const now = 20_000 * DAY + 12 * 3600 * SECOND + 345_678

const lax: ComplianceRules = {
  lockoutFailureAttempts: 0,
  lockoutDuration: 60,
  uniqueLastPasswordCount: 0,
  passwordExpiresDays: undefined,
  minimumPasswordAge: 0,
  passwordRegex: undefined,
  passwordRegexDescription: undefined,
  changePasswordUponFirstUse: false,
  disableUserAccountDaysInactive: undefined,
}
const fresh: AccountFacts = {
  options: {},
  createdAt: now,
  lastActiveAt: null,
  failedAuthCount: 0,
  failedAuthAt: 0,
  password: { createdAt: now, expiresAt: null, selfService: false },
}

describe('lockout', () => {
  const rules = { ...lax, lockoutFailureAttempts: 3 }
  const failed = { ...fresh, failedAuthCount: 3, failedAuthAt: now - 59 * SECOND }

  it('locks after as many failures as allowed, for the duration', () => {
    assert.equal(isLocked(failed, rules, now), true)
    assert.equal(isLocked({ ...failed, failedAuthCount: 2 }, rules, now), false)
    assert.equal(isLocked(failed, rules, now + SECOND), false)
  })

  it('is off without a number of attempts, and for users who are exempt', () => {
    assert.equal(isLocked(failed, lax, now), false)
    const exempt = { ...failed, options: { ignore_lockout_failure_attempts: true } }
    assert.equal(isLocked(exempt, rules, now), false)
    assert.equal(
      isLocked({ ...failed, options: { ignore_lockout_failure_attempts: 'yes' } }, rules, now),
      true,
    )
  })
})

describe('inactivity', () => {
  const rules = { ...lax, disableUserAccountDaysInactive: 2 }

  it('counts days by date, from the last sign-in or else from the creation', () => {
    assert.equal(isIdle({ ...fresh, lastActiveAt: now - 2 * DAY }, rules, now), true)
    assert.equal(isIdle({ ...fresh, lastActiveAt: now - DAY - 13 * 3600 * SECOND }, rules, now), true)
    assert.equal(isIdle({ ...fresh, lastActiveAt: now - DAY }, rules, now), false)
    assert.equal(isIdle({ ...fresh, createdAt: now - 2 * DAY }, rules, now), true)
    assert.equal(isIdle({ ...fresh, createdAt: now - 9 * DAY, lastActiveAt: now }, rules, now), false)
  })

  it('is off without a number of days, and for users who are exempt', () => {
    const idle = { ...fresh, createdAt: 0 }
    assert.equal(isIdle(idle, lax, now), false)
    assert.equal(isIdle({ ...idle, options: { ignore_user_inactivity: true } }, rules, now), false)
  })
})

describe('password expiry', () => {
  it('is the number of days from now, in whole seconds', () => {
    const rules = { ...lax, passwordExpiresDays: 90 }
    assert.equal(passwordExpiry('self', {}, rules, now), now - 345_678 + 90 * DAY)
    assert.equal(passwordExpiry('other', {}, rules, now), now - 345_678 + 90 * DAY)
    assert.equal(passwordExpiry('self', { ignore_password_expiry: true }, rules, now), null)
    assert.equal(passwordExpiry('self', {}, lax, now), null)
  })

  it('is at once for a password that somebody else set, where first use demands a change', () => {
    const rules = { ...lax, changePasswordUponFirstUse: true }
    assert.equal(passwordExpiry('other', {}, rules, now), now)
    assert.equal(passwordExpiry('self', {}, rules, now), null)
    const exempt = { ignore_change_password_upon_first_use: true }
    assert.equal(passwordExpiry('other', exempt, rules, now), null)
  })

  it('holds from its very moment on, unless the user is exempt', () => {
    const at = (expiresAt: number | null, options = {}) =>
      isPasswordExpired({ ...fresh, options, password: { createdAt: 0, expiresAt, selfService: false } }, now)
    assert.equal(at(now), true)
    assert.equal(at(now + 1), false)
    assert.equal(at(null), false)
    assert.equal(at(now, { ignore_password_expiry: true }), false)
    assert.equal(isPasswordExpired({ ...fresh, password: null }, now), false)
  })
})

describe('the form of a password', () => {
  it('is matched from the beginning and need not reach the end', () => {
    const rules = { passwordRegex: String.raw`(?=.*\d)[a-z]{3}|zz` }
    assert.equal(isWellChosen('abc1', rules), true)
    assert.equal(isWellChosen('1abc', rules), false)
    assert.equal(isWellChosen('azz', rules), false)
    assert.equal(isWellChosen('zz', rules), true)
    assert.equal(isWellChosen('', {} as ComplianceRules), true)
  })
})

describe('changing a password', () => {
  const rules = { ...lax, minimumPasswordAge: 3 }
  const own = (createdAt: number): AccountFacts => ({
    ...fresh,
    password: { createdAt, expiresAt: null, selfService: true },
  })

  it('is refused while one chosen by the user is younger than the minimum age', () => {
    assert.deepEqual(changeFault(own(now - DAY), rules, now), {
      why: 'too-young',
      minimumDays: 3,
      daysLeft: 2,
    })
    assert.equal(changeFault(own(now - 3 * DAY), rules, now), undefined)
    assert.equal(changeFault(own(now), lax, now), undefined)
    assert.equal(changeFault(fresh, rules, now), undefined)
  })

  it('is refused for a user whose password is locked', () => {
    assert.deepEqual(changeFault({ ...fresh, options: { lock_password: true } }, lax, now), { why: 'locked' })
    assert.equal(changeFault({ ...fresh, options: { lock_password: false } }, lax, now), undefined)
  })
})
