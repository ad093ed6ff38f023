/** Reads deliveries of senders that send each delivery once: what cannot be read is kept with the delivery. */
import type { Task } from '../../domain/job.ts';
import { KmsError } from '../../errors.ts';
import type { WebhookEvents } from './adapter.ts';
import { isIdentifier } from './event-fields.ts';
import { unreadable } from './event-tasks.ts';

/**
 * Returns the events of a delivery. Unreadable ones keep the body, so that a person can see what the source sent.
 * @param deliveryId under which the delivery is recorded even if it cannot be read
 * @param tasksOf reads the body; it may throw a KmsError
 */
export function readSentOnce(
  deliveryId: string | undefined,
  body: Uint8Array,
  tasksOf: () => readonly Task[],
): WebhookEvents {
  return { deliveryId, tasks: tasksOrUnreadable(tasksOf).map((task) => withPayload(task, body)) };
}

function tasksOrUnreadable(tasksOf: () => readonly Task[]): readonly Task[] {
  try {
    return tasksOf();
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    return [unreadable('unreadable', error.message)];
  }
}

function withPayload(task: Task, body: Uint8Array): Task {
  if (task.action !== 'unreadable' || task.payload !== undefined) return task;
  const { type, reason = '' } = task;
  return unreadable(type, reason, Buffer.from(body).toString());
}

/** Returns the first of these values that can be the id of a delivery; undefined if none can. */
export const firstDeliveryId = (...values: readonly unknown[]): string | undefined => values.find(isIdentifier);
