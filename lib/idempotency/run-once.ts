import type { RequestContext } from '../domain/request-context.ts';
import { type ErrorCode, ForwardedError, KmsError } from '../errors.ts';
import type { IdempotencyRecord, IdempotencyStore } from '../store/store.ts';
import { IDEMPOTENCY_WINDOW_MS, idempotencyKeyOf, refusalKeyOf } from './key.ts';

interface RunOnceDependencies {
  idempotency: IdempotencyStore;
  /** ms since 1970 */
  now: () => number;
}

/** Builds the record of an answer; undefined for a request without an idempotency key. */
type RecordOf = (answer: unknown) => IdempotencyRecord | undefined;

/** A recorded refusal. */
type Refusal = ConstructorParameters<typeof ForwardedError>[0];

/** As version 0.1 recorded the refusals of its own rules; without a code it is a digest that no longer matched. */
interface OldRefusal {
  code?: ErrorCode;
  detail?: string;
}

function errorOf(refusal: Refusal | OldRefusal): KmsError {
  if ('status' in refusal) return new ForwardedError(refusal);
  return new KmsError(refusal.code ?? 'KMS.0308', { detail: refusal.detail });
}

/**
 * Runs the work of a request once: a repeat of the request gets the recorded answer, or the recorded refusal.
 * @param work makes the change and stores `recordOf(answer)` in the transaction of the change
 * @param options.isRefusalFinal false while the work may have taken effect although it threw: then nothing is recorded
 * @param options.refusalKeySuffix keeps the recorded refusals of two authorities apart
 */
export async function runOnce<T>(
  { idempotency, now }: RunOnceDependencies,
  context: RequestContext,
  work: (recordOf: RecordOf) => Promise<T>,
  {
    isRefusalFinal = () => true,
    refusalKeySuffix = '',
  }: { isRefusalFinal?: () => boolean; refusalKeySuffix?: string } = {},
): Promise<T> {
  const idempotencyKey = idempotencyKeyOf(context);
  const refusalKey = refusalKeyOf(context) && `${refusalKeyOf(context)}${refusalKeySuffix}`;
  const find = async (key: string | undefined) => (key === undefined ? undefined : idempotency.find(key, now()));
  const record = (key: string, answer: unknown) => ({
    idempotencyKey: key,
    answer,
    expiresAtMs: now() + IDEMPOTENCY_WINDOW_MS,
  });

  const earlier = await find(idempotencyKey);
  if (earlier) return earlier.answer as T;
  const refusal = await find(refusalKey);
  if (refusal) throw errorOf(refusal.answer as Refusal | OldRefusal);
  try {
    return await work((answer) => (idempotencyKey === undefined ? undefined : record(idempotencyKey, answer)));
  } catch (error) {
    if (!(error instanceof KmsError) || !isRefusal(error)) throw error;
    // The refusal may be caused by a concurrent repeat that has applied the change; its answer is the right one then.
    const concurrent = await find(idempotencyKey);
    if (concurrent) return concurrent.answer as T;
    if (refusalKey !== undefined && isRefusalFinal()) {
      const { status, publicCode: code, message: text } = error;
      await idempotency.save(record(refusalKey, { status, code, text } satisfies Refusal), now());
    }
    throw error;
  }
}

/** Anything else, such as a timeout or throttling, may succeed on a retry. */
const isRefusal = ({ status }: KmsError) => status < 500 && status !== 429;
