/** A SQLite store and queue with a clock that the test sets, fake targets, and a dispatcher. */
import type { ChangeEvent } from '../../../lib/domain/events.ts';
import type { ReceivedMessage } from '../../../lib/queue/queue.ts';
import { openSqlite } from '../../../lib/store/sqlite/sqlite.ts';
import { type DispatcherDependencies, outboxDispatcher } from '../../../lib/webhooks/outbound/dispatcher.ts';
import type { Target } from '../../../lib/webhooks/outbound/targets.ts';
import { type FakeTarget, startFakeTarget, status } from './fake-target.ts';

export const SECRETS = [
  'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  'whsec_bm90IGEgc2VjcmV0IGF0IGFsbCwgYnV0IGxvbmc=',
] as const;

interface OutboxFixture {
  nowMs: number;
  engine: ReturnType<typeof openSqlite>;
  targets: Map<string, Target>;
}

/** Of the current test. */
export const fixture = openFixture();
const servers: FakeTarget[] = [];

function openFixture(): OutboxFixture {
  return {
    // Starts at the real time, because `standardwebhooks` verifies timestamps by the real clock.
    nowMs: Date.now(),
    engine: openSqlite(':memory:', { hasOutbox: true, now: () => fixture.nowMs }),
    targets: new Map(),
  };
}

/** Closes the fixture and opens a new one. */
export async function resetFixture(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await fixture.engine.store.close();
  Object.assign(fixture, openFixture());
}

/** Starts a target that is not configured. */
export async function startUnlistedTarget(): Promise<FakeTarget> {
  const server = await startFakeTarget(SECRETS[0]);
  servers.push(server);
  return server;
}

/** Starts a target and adds it to the configured ones. */
export async function addTarget(name: string, options: Partial<Target> = {}): Promise<FakeTarget> {
  const server = await startUnlistedTarget();
  fixture.targets.set(name, { name, url: server.url, secrets: [SECRETS[0]], isPrivateAllowed: true, ...options });
  return server;
}

/** Adds a target that does not respond until `release`. */
export async function addHangingTarget(name: string) {
  const target = await addTarget(name);
  const held: (() => void)[] = [];
  target.respondWith((response) => held.push(() => response.writeHead(204).end()));
  return {
    target,
    release() {
      target.respondWith(status(204));
      for (const respond of held.splice(0)) respond();
    },
  };
}

/** A new dispatcher, like that of a process that has just started. */
export const openDispatcher = (dependencies: Partial<DispatcherDependencies> = {}) =>
  outboxDispatcher({
    store: fixture.engine.store,
    queue: fixture.engine.queue,
    targets: async () => fixture.targets,
    now: () => fixture.nowMs,
    ...dependencies,
  });

export const eventIdOf = (n: number) => String(n).padStart(32, '0');

export const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Stores one event per number. @returns their ids */
export async function addEvents(ns: number[], fields: Partial<ChangeEvent> = {}): Promise<string[]> {
  for (const n of ns) {
    const common = { atMs: 1_790_000_000_000 + n, action: 'revoke-grant', projectId: 'p1', keyId: 'k1' };
    const event = { ...common, eventId: eventIdOf(n), actor: 'u1', channel: 'http', requestId: `r${n}` } as const;
    await fixture.engine.store.events.append({ ...event, ...fields }, []);
  }
  return ns.map(eventIdOf);
}

export async function outboxEventIds(): Promise<string[]> {
  return (await fixture.engine.store.outbox.list(10_000)).map(({ eventId }) => eventId);
}

/** Receives all messages of the queue, delayed ones included. @returns them with the delay of the first, in seconds */
export async function receiveQueued(): Promise<{ delaySeconds: number | undefined; received: ReceivedMessage[] }> {
  const dueAtMs = fixture.engine.queue.nextDueAtMs();
  const { nowMs } = fixture;
  fixture.nowMs += 1_000_000;
  const received = await fixture.engine.queue.receive(1_000);
  fixture.nowMs = nowMs;
  return { delaySeconds: dueAtMs && (dueAtMs - nowMs) / 1000, received };
}

/** Delivers messages of the queue, as a worker does. @returns the result of each */
export async function deliverAll(dispatcher: ReturnType<typeof openDispatcher>, received: ReceivedMessage[]) {
  const results = [];
  for (const { message, receiveCount } of received) {
    if (message.kind !== 'delivery') throw new Error(`not a delivery: ${message.kind}`);
    results.push(await dispatcher.deliver(message, receiveCount));
  }
  return results;
}
