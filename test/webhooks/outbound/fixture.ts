/** A store and a queue with their own clock, targets that listen, and what a worker does with them. */

import type { ChangeEvent } from '../../../lib/domain/events.ts';
import type { ReceivedMessage } from '../../../lib/queue/queue.ts';
import { openSqlite } from '../../../lib/store/sqlite/sqlite.ts';
import { type DispatcherDependencies, outboxDispatcher } from '../../../lib/webhooks/outbound/dispatcher.ts';
import type { Target } from '../../../lib/webhooks/outbound/targets.ts';
import { type HookTarget, startTarget, status } from './fake-target.ts';

export const SECRETS = [
  'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  'whsec_bm90IGEgc2VjcmV0IGF0IGFsbCwgYnV0IGxvbmc=',
] as const;

/** Of the test that runs. */
export const world = begin();
const servers: HookTarget[] = [];

interface World {
  nowMs: number;
  engine: ReturnType<typeof openSqlite>;
  targets: Map<string, Target>;
}

function begin(): World {
  return {
    // The receiving side looks at the real clock, so ours begins with it.
    nowMs: Date.now(),
    engine: openSqlite(':memory:', { hasOutbox: true, now: () => world.nowMs }),
    targets: new Map(),
  };
}

/** Ends it and begins another. */
export async function nextWorld(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await world.engine.store.close();
  Object.assign(world, begin());
}

/** A target that nobody has set. */
export async function unknownTarget(): Promise<HookTarget> {
  const server = await startTarget(SECRETS[0]);
  servers.push(server);
  return server;
}

/** What a process that starts now has. */
export const sender = (parts: Partial<DispatcherDependencies> = {}) =>
  outboxDispatcher({
    store: world.engine.store,
    queue: world.engine.queue,
    targets: async () => world.targets,
    now: () => world.nowMs,
    ...parts,
  });

export async function target(name: string, options: Partial<Target> = {}): Promise<HookTarget> {
  const server = await unknownTarget();
  world.targets.set(name, { name, url: server.url, secrets: [SECRETS[0]], isPrivateAllowed: true, ...options });
  return server;
}

export const idOf = (place: number) => String(place).padStart(32, '0');

export async function change(places: number[], fields: Partial<ChangeEvent> = {}): Promise<string[]> {
  for (const place of places) {
    const common = { atMs: 1_790_000_000_000 + place, action: 'revoke-grant', projectId: 'p1', keyId: 'k1' };
    const event = { ...common, eventId: idOf(place), actor: 'u1', channel: 'http', requestId: `r${place}` } as const;
    await world.engine.store.events.append({ ...event, ...fields }, []);
  }
  return places.map(idOf);
}

export const many = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, place) => from + place);
export const inOutbox = async () => (await world.engine.store.outbox.list(10_000)).map(({ eventId }) => eventId);

/** All that the queue holds, however long it is to wait; with the seconds of waiting of the first. */
export async function queued(): Promise<{ waitSeconds: number | undefined; taken: ReceivedMessage[] }> {
  const dueAtMs = world.engine.queue.nextDueAtMs();
  const before = world.nowMs;
  world.nowMs += 1_000_000;
  const taken = await world.engine.queue.receive(1_000);
  world.nowMs = before;
  return { waitSeconds: dueAtMs && (dueAtMs - world.nowMs) / 1000, taken };
}

/** Tries them as a worker would. */
export async function deliverAll(from: ReturnType<typeof sender>, taken: ReceivedMessage[]) {
  const ends = [];
  for (const { message, receiveCount } of taken) {
    if (message.kind !== 'delivery') throw new Error(`not a delivery: ${message.kind}`);
    ends.push(await from.deliver(message, receiveCount));
  }
  return ends;
}

/** A target that answers nothing until it is let go. */
export async function hanging(name: string) {
  const server = await target(name);
  const held: (() => void)[] = [];
  server.answer((response) => held.push(() => response.writeHead(204).end()));
  return {
    server,
    letGo() {
      server.answer(status(204));
      for (const end of held.splice(0)) end();
    },
  };
}
