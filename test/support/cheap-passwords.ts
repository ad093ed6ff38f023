/**
 * Lowers the cost of password hashes in the process that runs the tests: every service under test creates users, and
 * hashing took half of the CPU time. A hash still names the cost of lib/identity/passwords.ts, so a process that a test
 * starts does not accept it: a test that shares users with a process calls `useRealCost` first.
 */
import type { ScryptOptions, scrypt } from 'node:crypto';

const CHEAP = { N: 2, r: 1, p: 1 };

type Scrypt = typeof scrypt & { real?: Scrypt; isReal?: boolean };

const crypto = process.getBuiltinModule('node:crypto') as { scrypt: Scrypt };

// All test files of a worker share this module of Node, so `scrypt` may have been replaced already.
const real = crypto.scrypt.real ?? crypto.scrypt;
const cheap: Scrypt = Object.assign(
  (...[password, salt, length, options, callback]: [string, Buffer, number, ScryptOptions, () => void]) =>
    real(password, salt, length, cheap.isReal ? options : { ...options, ...CHEAP }, callback),
  { real },
) as Scrypt;
crypto.scrypt = cheap;

/** Makes the rest of this test file compute password hashes with their real cost. */
export function useRealCost(): void {
  crypto.scrypt.isReal = true;
}
