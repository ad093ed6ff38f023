/** A process dies anywhere between a press and its reply: the request is done once and told once, or not at all. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ChatDependencies } from '../../lib/chat/dependencies.ts';
import { findLostWork } from '../../lib/webhooks/find-lost-work.ts';
import { openRevokingFixture, type RevokingFixture, requestIdOf } from './revoking-fixture.ts';

let chat: RevokingFixture;
beforeAll(async () => {
  chat = await openRevokingFixture();
});
afterAll(() => chat.close());

class Crash extends Error {}

/** Dependencies whose n-th write crashes the process: before the write, or after it and before its result arrives. */
function crashing(n: number, isWritten: boolean): { dependencies: ChatDependencies; writes: () => number } {
  let writes = 0;
  const crashAt =
    <A extends unknown[], T>(write: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      writes += 1;
      if (writes > n || (writes === n && !isWritten)) throw new Crash();
      const result = await write(...args);
      if (writes >= n) throw new Crash();
      return result;
    };
  const { store, queue, ...rest } = chat.dependencies();
  const { idempotency, jobs, grants } = store;
  const crashingStore = {
    ...store,
    idempotency: { ...idempotency, compareAndSwap: crashAt(idempotency.compareAndSwap) },
    jobs: { ...jobs, add: crashAt(jobs.add), save: crashAt(jobs.save) },
    grants: { ...grants, commit: crashAt(grants.commit) },
  };
  return {
    writes: () => writes,
    dependencies: {
      ...rest,
      store: crashingStore,
      queue: { ...queue, send: crashAt(queue.send) },
      authority: chat.authorityOver(crashingStore),
    },
  };
}

/** Does the work of the queue until it is empty, as the worker of the next process does. */
async function workUntilIdle(): Promise<void> {
  for (let rounds = 0; rounds < 100; rounds += 1) {
    chat.queued.sort((one, other) => one.dueAtMs - other.dueAtMs);
    const next = chat.queued.shift();
    if (!next) return;
    chat.clock.nowMs = Math.max(chat.clock.nowMs, next.dueAtMs);
    const { message } = next;
    if (message.kind === 'job') await chat.runJob(message.jobId);
    if (message.kind === 'chat') {
      const step = await chat.followUp(message.requestId);
      if (step.next === 'later') await chat.dependencies().queue.send(message, step.delaySeconds);
    }
    await findLostWork(chat.dependencies());
  }
  throw new Error('the queue does not become empty');
}

test.each([
  ['before', false],
  ['after', true],
])(
  'a process crashes %s its n-th write, for every n: the request is done and told once, or expires',
  async (_, isWritten) => {
    const outcomes = new Set<string>();
    for (let n = 1; ; n += 1) {
      const person = chat.newPerson();
      const { grantee } = await chat.newHolder(2);
      const requestId = requestIdOf(await chat.preview(person, chat.revokeAll(grantee)));
      const { dependencies, writes } = crashing(n, isWritten);
      const pressed = await chat.pressWith(dependencies, person, 'confirm', requestId).catch((error: unknown) => error);
      const { state } = await chat.requestOf(requestId);
      chat.delivered.length = 0;
      const crashedAtMs = chat.clock.nowMs;
      await workUntilIdle();
      const titles = chat.delivered.map(({ message }) => message.view.title);
      const isUndone = state === 'previewed';
      expect(titles).toEqual([isUndone ? 'Expired' : 'Revoked 2 grants']);
      // People wait for the receipt; what nobody has confirmed expires after 15 minutes.
      if (!isUndone) expect(chat.delivered[0]?.atMs).toBeLessThan(crashedAtMs + 60_000);
      expect(await chat.removals(grantee)).toHaveLength(isUndone ? 0 : 2);
      outcomes.add(titles.join());
      if (writes() < n) {
        expect(pressed).toMatchObject({ view: { title: 'Revoked 2 grants' } });
        expect(n).toBeGreaterThan(7);
        break;
      }
    }
    expect(outcomes).toEqual(new Set(['Expired', 'Revoked 2 grants']));
  },
);
