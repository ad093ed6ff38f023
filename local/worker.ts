/** What SQS and Lambda do when deployed, on one machine: work that waits is taken and done in this process. */
import { setTimeout as pause } from 'node:timers/promises';
import { describeCause, logger } from '../lib/logger.ts';
import { messageLogFields, type ReceivedMessage } from '../lib/queue/queue.ts';
import type { Services } from '../lib/services.ts';
import type { SqliteQueue } from '../lib/store/sqlite/queue.ts';
import { messageProcessor } from '../lib/webhooks/process-message.ts';

/** Work under way at the same time; a job that takes long keeps no other from beginning. */
const AT_ONCE = 8;
/** What an admin command has put into the queue is found in this time. */
const LOOK_MS = 1_000;
/** Then a job goes back to the queue and others have their turn. */
const WORK_MS = 60_000;
/** How often what was lost sight of is looked for. */
const SWEEP_MS = 60_000;
const TELL_MS = 5_000;

export interface Worker {
  /** Has others told of a change, soon. */
  tell(): Promise<void>;
  /** Begins nothing more, and waits for what is under way. */
  stop(): Promise<void>;
}

/** Works on the queue of the services until it is stopped. */
export async function startWorker(services: Services): Promise<Worker> {
  const { dispatch, findLost } = messageProcessor(services);
  const { queue, config } = services;
  const own = 'nextDueAtMs' in queue ? (queue as SqliteQueue) : undefined;
  const underWay = new Set<Promise<void>>();
  let isStopping = false;
  let wake = () => {};

  // Whoever took it before this process started has died.
  await own?.release();
  own?.onSend(() => wake());
  const report =
    (name: string, more: object = {}) =>
    (error: unknown) => {
      if (!isStopping) logger.error(name, { ...more, cause: describeCause(error) });
    };
  const tell = async () => {
    if (config.targets && !isStopping) dispatch().catch(report('outbox'));
  };
  const sweep = setInterval(() => findLost().catch(report('lost')), SWEEP_MS);
  const telling = setInterval(tell, TELL_MS);

  function begin(taken: ReceivedMessage): void {
    const done = workOn(services, taken, () => isStopping).catch(report('work', messageLogFields(taken)));
    underWay.add(done);
    void done.finally(() => {
      underWay.delete(done);
      wake();
    });
  }

  const isDue = () => !own || (own.nextDueAtMs() ?? Number.POSITIVE_INFINITY) <= services.now();
  const reportNone = (error: unknown): ReceivedMessage[] => {
    report('queue')(error);
    return [];
  };

  async function run(): Promise<void> {
    while (!isStopping) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const free = AT_ONCE - underWay.size;
      const taken = free > 0 && isDue() ? await queue.receive(free).catch(reportNone) : [];
      for (const one of taken) begin(one);
      if (taken.length === 0) await Promise.race([woken, pause(LOOK_MS, undefined, { ref: false })]);
    }
  }

  const running = run();
  return {
    tell,
    async stop() {
      isStopping = true;
      clearInterval(sweep);
      clearInterval(telling);
      wake();
      await running;
      await Promise.all(underWay);
    },
  };
}

async function workOn(services: Services, taken: ReceivedMessage, isStopping: () => boolean): Promise<void> {
  const endsAtMs = performance.now() + WORK_MS;
  const isPastDeadline = () => isStopping() || performance.now() > endsAtMs;
  if (await messageProcessor(services).work(taken, isPastDeadline)) await services.queue.delete(taken);
}
