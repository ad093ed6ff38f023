/** The random faults of the random operations. */
import type { Random } from '../signing/random.ts';
import * as faults from './faults.ts';
import { type Fault, type FaultProxy, NONE } from './proxy.ts';

/** Percentage of calls with a fault. */
const FAULTY_PERCENT = 30;
const LISTENS_MS = 3_000;
const REFUSES_MS = 30;

/** Faults are chosen with equal probability; one that is listed n times is n times as likely. */
function faultsTo(redirectTarget: string): Fault[] {
  return [
    faults.delayBefore(100),
    faults.delayBefore(1_500),
    faults.delayAfter(100),
    faults.delayAfter(1_500),
    faults.resetBefore,
    faults.lostResponse,
    faults.lostResponse,
    faults.lostResponse,
    faults.cutResponse,
    faults.halfJson,
    faults.halfJsonLying,
    faults.wrongType,
    faults.drip(200),
    faults.drip(3_000),
    faults.html200,
    faults.html502,
    faults.html503,
    faults.empty504,
    faults.emptyList,
    faults.jsonText,
    faults.errorWith200,
    faults.lostInGateway,
    faults.lostInGateway,
    faults.throttled,
    faults.throttled,
    faults.throttledFor('0'),
    faults.throttledFor('1'),
    faults.moved(302, redirectTarget),
    faults.nestedError(500, 'KMS.0101', 'KMS error.'),
    faults.nestedError(503, 'KMS.0104', 'System exception.'),
    faults.flatError(403, 'APIGW.0302', 'Not authorized.'),
    faults.keystoneError(401, 'Unauthorized', 'The request requires authentication.'),
  ];
}

/** A late call could undo a later change of a key's state, so it is used only for grants, where it cannot. */
const LATE_WORK = faults.lateWork(1_200);

/** Returns a function that chooses a random fault, or none, for each call. */
export function randomFaults(random: Random, redirectTarget: string): FaultProxy['choose'] {
  const usual = faultsTo(redirectTarget);
  return ({ action }) => {
    if (random.below(100) >= FAULTY_PERCENT) return NONE;
    const isLasting = action.endsWith('-grant');
    return random.oneOf(isLasting ? [...usual, LATE_WORK] : usual);
  };
}

/**
 * Makes the proxy refuse connections for 30 ms every 3 s. @returns a function that stops this; the proxy then listens
 */
export function refuseRepeatedly(proxy: FaultProxy): () => Promise<void> {
  let isPastDeadline = false;
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms).unref());
  const work = async () => {
    while (!isPastDeadline) {
      await pause(LISTENS_MS);
      if (isPastDeadline) return;
      proxy.refuse();
      await pause(REFUSES_MS);
      await proxy.listen();
    }
  };
  const done = work();
  return async () => {
    isPastDeadline = true;
    await done;
  };
}
