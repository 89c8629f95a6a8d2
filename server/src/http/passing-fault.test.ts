import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildFace } from './face.ts'
import type { Operation } from './operation.ts'
import type { Rendered, Wire } from './wire.ts'

const no = (): Rendered => ({ status: 400, headers: {}, body: 'no' })

/** A face whose one operation fails with `fault`. */
function faceThatFails(fault: unknown) {
  const operation: Operation<null, null> = {
    id: 'fail',
    method: 'GET',
    path: '/fail',
    policy: 'public',
    success: 200,
    refusals: [],
    handle: () => Promise.reject(fault),
  }
  const wire: Wire<null, null> = {
    name: 'test',
    operations: [operation],
    identify: async () => null,
    permits: () => false,
    headers: () => ({}),
    refusal: ({ code }) => ({ status: code === 'unavailable' ? 503 : 500, headers: {}, body: code }),
    badBody: no,
    unreadableBody: no,
    unknownPath: no,
    wrongMethod: no,
  }
  return buildFace({ ctx: null, wires: [wire], maxBodyBytes: 1000, onFault: () => undefined })
}

const fault = (message: string, fields: object = {}): Error => Object.assign(new Error(message), fields)

describe('a fault that passes by itself or by the operator’s hand', () => {
  const passing = {
    'a change broken off': fault('Client has encountered a connection error and is not queryable'),
    'a connection lost': fault('Connection terminated unexpectedly'),
    'a query without an answer': fault('Query read timeout'),
    'no connection free': fault('timeout exceeded when trying to connect'),
    'a password that is asked for now': fault(
      'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string',
    ),
    'a password changed': fault('password authentication failed for user "th"', { code: '28P01' }),
    'a standby': fault('cannot execute INSERT in a read-only transaction', { code: '25006' }),
    'the idle rule': fault('terminating connection due to idle-in-transaction timeout', { code: '25P03' }),
    'a statement cancelled': fault('canceling statement due to statement timeout', { code: '57014' }),
    'a lock not had': fault('canceling statement due to lock timeout', { code: '55P03' }),
    'a disk that fails': fault('could not read block', { code: '58030' }),
    'a socket that is gone': fault('connect ENOENT /run/.s.PGSQL.5432', {
      code: 'ENOENT',
      syscall: 'connect',
    }),
    'too many files open': fault('EMFILE: too many open files', { code: 'EMFILE', syscall: 'open' }),
    'no way there': fault('connect EHOSTUNREACH', { code: 'EHOSTUNREACH', syscall: 'connect' }),
    'no answer about a name': fault('getaddrinfo EAI_AGAIN db', {
      code: 'EAI_AGAIN',
      syscall: 'getaddrinfo',
    }),
  }
  for (const [name, error] of Object.entries(passing)) {
    it(`503 ${name}`, async () => {
      assert.equal((await faceThatFails(error).inject('/fail')).statusCode, 503)
    })
  }

  it('500 what stays wrong: a mistake of ours, a file that is missing, a right that is missing', async () => {
    for (const error of [
      fault('x is not a function'),
      fault('ENOENT: no such file', { code: 'ENOENT', syscall: 'open' }),
      fault('permission denied for table user', { code: '42501' }),
    ]) {
      assert.equal((await faceThatFails(error).inject('/fail')).statusCode, 500)
    }
  })
})
