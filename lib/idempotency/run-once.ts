import type { RequestContext } from '../domain/request-context.ts';
import { KmsError } from '../errors.ts';
import type { ConditionalRecord, IdempotencyStore } from '../store/store.ts';
import { IDEMPOTENCY_WINDOW_MS, idempotencyKeyOf, oldRefusalKeyOf, signatureKeyOf } from './key.ts';

interface RunOnceDependencies {
  idempotency: IdempotencyStore;
  /** ms since 1970 */
  now: () => number;
}

/** A change that `runOnce` runs. */
interface Change<T> {
  /**
   * Makes the change and stores `recordsOf(answer)` in its transaction.
   * @returns undefined when another request has stored one of the records first; then nothing was changed
   */
  work(recordsOf: (answer: T) => ConditionalRecord[]): Promise<T | undefined>;
  /** Whether a recorded answer is still true. @throws KmsError when it cannot be found out */
  isStillTrue(answer: T): Promise<boolean>;
  /** Whether the change did all that was asked for. If not, a repeat with the same idempotency key tries the rest. */
  isComplete?(answer: T): boolean;
  /** Changes nothing. @throws KmsError the refusal of the request, if it would be refused now */
  assertAllowed?(): Promise<unknown>;
  /** False while the work may have taken effect although it threw: then nothing is recorded. */
  isRefusalFinal?(): boolean;
  /** Stores the signature before the work starts, because a change that was interrupted must not be made twice. */
  reservesSignature?: boolean;
  /** Is part of the keys of refusals that versions up to 0.2 recorded. */
  oldRefusalSuffix?: string;
}

/** What is known about a signed request. Without an answer, the request was refused or did not end. */
interface SignatureRecord<T> {
  /** ms since 1970 when the first request with this signature arrived. */
  arrivedAtMs: number;
  answer?: T;
}

/**
 * X-Sdk-Date has a resolution of one second, so equal requests of a loop have equal signatures. Until this time after
 * the first one they are separate requests; later they are retries or captured requests.
 */
const SEPARATE_MS = 2_000;

/** Each repeat means that another request has stored a record in between. */
const RUNS_MAX = 10;

const SIGN_AGAIN =
  'A request with this signature has been served before, and its answer no longer holds. Nothing was done. Sign the request again.';

/**
 * Runs a change, or gives the recorded answer to an earlier request with the same idempotency key or signature, as long
 * as that answer is still true.
 * @throws KmsError APIGW.0301 for a repeated signature whose answer is no longer true
 */
export async function runOnce<T extends object>(
  { idempotency, now }: RunOnceDependencies,
  context: RequestContext,
  change: Change<T>,
): Promise<T> {
  const {
    work,
    isStillTrue,
    isComplete = () => true,
    assertAllowed,
    isRefusalFinal = () => true,
    reservesSignature,
    oldRefusalSuffix = '',
  } = change;
  const arrivedAtMs = context.arrivedAtMs ?? now();
  const key = idempotencyKeyOf(context);
  const signatureKey = signatureKeyOf(context);
  const oldRefusalKey = oldRefusalKeyOf(context);

  const find = async (name: string | undefined) => (name === undefined ? undefined : idempotency.find(name, now()));
  const recordOf = (idempotencyKey: string, answer: unknown, expected?: unknown): ConditionalRecord => ({
    idempotencyKey,
    answer,
    expiresAtMs: now() + IDEMPOTENCY_WINDOW_MS,
    expected,
  });
  const save = ({ expected, ...record }: ConditionalRecord) => idempotency.compareAndSwap(record, expected, now());

  async function findSignature(): Promise<SignatureRecord<T> | undefined> {
    const [found, oldRefusal] = await Promise.all([
      find(signatureKey),
      find(oldRefusalKey && `${oldRefusalKey}${oldRefusalSuffix}`),
    ]);
    if (found) return toSignatureRecord(found.answer as T | SignatureRecord<T>);
    return oldRefusal && { arrivedAtMs: BEFORE_UPGRADE };
  }

  async function answerToRepeat({ answer }: SignatureRecord<T>): Promise<T> {
    if (answer === undefined) await assertAllowed?.();
    else if (await isStillTrue(answer)) return answer;
    throw new KmsError('APIGW.0301', { detail: SIGN_AGAIN });
  }

  /** The first request with this signature may end without effect and give its reservation up. */
  async function keepSignature(answer: T): Promise<void> {
    if (signatureKey === undefined) return;
    for (let saves = 0; saves < RUNS_MAX; saves += 1) {
      const found = (await find(signatureKey))?.answer as SignatureRecord<T> | undefined;
      if (found?.answer !== undefined) return;
      if (await save(recordOf(signatureKey, { arrivedAtMs, answer }, found))) return;
    }
  }

  /** @returns undefined when another request has stored a record in between */
  async function run(): Promise<T | undefined> {
    const [recorded, signed] = await Promise.all([find(key), findSignature()]);
    if (signed && Math.abs(arrivedAtMs - signed.arrivedAtMs) >= SEPARATE_MS) return answerToRepeat(signed);
    // Of separate requests with one signature, the first one's record stays.
    const newSignature = signed ? undefined : signatureKey;

    /** A signature that got a recorded answer is recorded too: it must not take effect once the answer is untrue. */
    async function answerWith(answer: T, expected?: unknown): Promise<T | undefined> {
      const isStored = !newSignature || (await save(recordOf(newSignature, { arrivedAtMs, answer }, expected)));
      return isStored ? answer : undefined;
    }

    if (recorded && isComplete(recorded.answer as T) && (await isStillTrue(recorded.answer as T)))
      return answerWith(recorded.answer as T);
    const reservation = reservesSignature && newSignature ? recordOf(newSignature, { arrivedAtMs }) : undefined;
    if (reservation && !(await save(reservation))) return undefined;
    try {
      const answer = await work((answer) => [
        ...(key ? [recordOf(key, answer, recorded?.answer)] : []),
        ...(newSignature ? [recordOf(newSignature, { arrivedAtMs, answer }, reservation?.answer)] : []),
      ]);
      if (answer !== undefined && reservesSignature && signed) await keepSignature(answer);
      return answer;
    } catch (error) {
      if (!isRefusalFinal()) throw error;
      if (!(error instanceof KmsError) || !isRefusal(error)) {
        if (reservation) await save({ ...reservation, expected: reservation.answer, expiresAtMs: now() });
        throw error;
      }
      // The refusal may be caused by a concurrent repeat that has applied the change; its answer is the right one then.
      const concurrent = await find(key);
      if (concurrent && (await isStillTrue(concurrent.answer as T))) {
        return answerWith(concurrent.answer as T, reservation?.answer);
      }
      // A captured request that was refused must not take effect later.
      if (newSignature && !reservation && !(await save(recordOf(newSignature, { arrivedAtMs })))) return undefined;
      throw error;
    }
  }

  for (let runs = 0; runs < RUNS_MAX; runs += 1) {
    const answer = await run();
    if (answer !== undefined) return answer;
  }
  throw new KmsError('APIGW.0201:504', { cause: new Error(`other requests changed the record in ${RUNS_MAX} runs`) });
}

/** Stores the idempotency records of a change that cannot be written in one transaction with them. */
export async function saveRecords(
  { idempotency, now }: RunOnceDependencies,
  records: readonly ConditionalRecord[],
): Promise<void> {
  for (const { expected, ...record } of records) await idempotency.compareAndSwap(record, expected, now());
}

/** Records of versions up to 0.2 have no time. An upgrade takes longer than `SEPARATE_MS`. */
const BEFORE_UPGRADE = Number.NEGATIVE_INFINITY;

/** Versions up to 0.2 recorded the answer alone. */
function toSignatureRecord<T extends object>(stored: T | SignatureRecord<T>): SignatureRecord<T> {
  return 'arrivedAtMs' in stored ? stored : { arrivedAtMs: BEFORE_UPGRADE, answer: stored };
}

/** Anything else, such as a timeout or throttling, may succeed on a retry. */
const isRefusal = ({ status }: KmsError) => status < 500 && status !== 429;
