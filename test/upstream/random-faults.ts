/** Which faults come how often while random operations run. */
import type { Random } from '../signing/random.ts';
import * as faults from './faults.ts';
import { type Fault, type FaultProxy, NONE } from './proxy.ts';

/** How many calls of a hundred meet a fault. */
const FAULTY_PERCENT = 30;
const LISTENS_MS = 3_000;
const REFUSES_MS = 30;

/** Each as often as it stands here. */
function faultsTo(elsewhere: string): Fault[] {
  return [
    faults.delayBefore(100),
    faults.delayBefore(1_500),
    faults.delayAfter(100),
    faults.delayAfter(1_500),
    faults.resetBefore,
    faults.lostAnswer,
    faults.lostAnswer,
    faults.lostAnswer,
    faults.cutAnswer,
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
    faults.lostBehindDoor,
    faults.lostBehindDoor,
    faults.throttled,
    faults.throttled,
    faults.throttledFor('0'),
    faults.throttledFor('1'),
    faults.moved(302, elsewhere),
    faults.nestedError(500, 'KMS.0101', 'KMS error.'),
    faults.nestedError(503, 'KMS.0104', 'System exception.'),
    faults.flatError(403, 'APIGW.0302', 'Not authorized.'),
    faults.keystoneError(401, 'Unauthorized', 'The request requires authentication.'),
  ];
}

/** Work that comes after the client has gone: for changes that cannot be undone by a later one. */
const LATE_WORK = faults.lateWork(1_200);

/** Chooses for each call by itself. */
export function changeable(random: Random, elsewhere: string): FaultProxy['choose'] {
  const usual = faultsTo(elsewhere);
  return ({ action }) => {
    if (random.below(100) >= FAULTY_PERCENT) return NONE;
    const isLasting = action.endsWith('-grant');
    return random.oneOf(isLasting ? [...usual, LATE_WORK] : usual);
  };
}

/** Refuses connections for a moment, now and then. @returns how to end that; it listens afterwards */
export function refuseNowAndThen(proxy: FaultProxy): () => Promise<void> {
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
