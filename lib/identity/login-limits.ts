import { createHmac, randomBytes } from 'node:crypto';
import { KmsError } from '../errors.ts';
import { concurrencyLimit } from '../util/concurrency-limit.ts';

/**
 * Password checks run one at a time, so that they use at most one core and 32 MiB. The others wait, so that password
 * guessing does not lock others out.
 */
const PASSWORD_CHECKS = {
  max: 1,
  knownOnly: 0,
  perAddressMax: 1,
  waitingMax: 256,
  waitMs: 10_000,
  code: 'Keystone.429',
} as const;
/** How many successful logins are remembered; a repeated one counts as a known caller. */
const KNOWN_LOGINS_MAX = 10_000;
/** A login with a token costs little, but stores a token. Scripts that call `openstack` log in about once a second. */
const TOKEN_LOGINS_MAX = 100;
const TOKEN_LOGINS_PERIOD_MS = 60_000;

/** Limits the logins of this process. On AWS, API Gateway also limits the logins of all processes together. */
export function loginLimits(now: () => number) {
  const passwordChecks = concurrencyLimit(PASSWORD_CHECKS);
  const knownLogins = knownValues(KNOWN_LOGINS_MAX);
  /** Logins with tokens by chain, in the order of the start of their periods. */
  const periods = new Map<string, { startMs: number; logins: number }>();

  function deleteEndedPeriods(): void {
    for (const [chain, { startMs }] of periods) {
      const ageMs = now() - startMs;
      // A negative age means that the clock was set back.
      if (ageMs >= 0 && ageMs < TOKEN_LOGINS_PERIOD_MS) return;
      periods.delete(chain);
    }
  }

  return {
    /**
     * Checks a login with a password as soon as there is a place.
     * @param credentials the user and the password
     * @param check returns undefined for a login that is refused
     * @throws KmsError Keystone.429 if there is no place in time
     */
    checkPassword<T>(clientAddress: string, credentials: string, check: () => Promise<T | undefined>) {
      return passwordChecks.run(clientAddress, knownLogins.has(credentials), async () => {
        const result = await check();
        knownLogins[result === undefined ? 'delete' : 'add'](credentials);
        return result;
      });
    },

    /**
     * Counts a login with a token.
     * @param chain the hash of the token that was issued for the password
     * @throws KmsError Keystone.429 for too many within a minute
     */
    countTokenLogin(chain: string): void {
      deleteEndedPeriods();
      const period = periods.get(chain) ?? { startMs: now(), logins: 0 };
      if (period.logins >= TOKEN_LOGINS_MAX) {
        const waitMs = period.startMs + TOKEN_LOGINS_PERIOD_MS - now();
        throw new KmsError('Keystone.429', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
      }
      periods.set(chain, { ...period, logins: period.logins + 1 });
    },
  };
}

/** The last `max` values that were added. Only HMACs of them are kept, with a key that nobody else has. */
function knownValues(max: number) {
  const key = randomBytes(32);
  const macs = new Set<string>();
  const macOf = (value: string) => createHmac('sha256', key).update(value).digest('base64');
  return {
    has: (value: string) => macs.has(macOf(value)),
    delete: (value: string) => macs.delete(macOf(value)),
    add(value: string) {
      const mac = macOf(value);
      macs.delete(mac);
      macs.add(mac);
      const [oldest] = macs;
      if (macs.size > max && oldest !== undefined) macs.delete(oldest);
    },
  };
}
