/** Concurrent clients on one system: some serial order of their requests must explain all their answers. */

import { type CheckResult, check } from './check.ts';
import { type ConcurrentExample, concurrentExample } from './concurrent-example.ts';
import type { Engine } from './engines.ts';
import { finalReads } from './final-reads.ts';
import { formatRequest, newHistory } from './history.ts';
import { createdId, type Resolved, register, resolve } from './resolve.ts';
import { type Served, serialOrder } from './serializability.ts';
import { execute, pause, type System, withDelayedCommits } from './system-under-test.ts';
import { nameOf, QUOTAS } from './values.ts';

/** @throws Error with a seed and the smallest example found whose answers no serial order explains */
export async function checkConcurrentClients(engine: Engine, histories: number, seed: number): Promise<CheckResult> {
  const checked = { commands: 0, histories: 0 };
  const run = async ([system]: System[], example: ConcurrentExample) => {
    checked.commands += await runConcurrentClients(system as System, example);
    checked.histories += 1;
  };
  for (let next = seed; checked.histories < histories; next += 1) {
    await check({ engines: [engine], examples: concurrentExample, seed: next, run });
  }
  return checked;
}

/** @returns the number of concurrent requests */
async function runConcurrentClients(
  system: System,
  { before, clients, commitDelays }: ConcurrentExample,
): Promise<number> {
  const history = await newHistory([system]);
  for (const command of before) await history.run(command);
  const { state, nowMs } = history.model();
  const { registry } = history;
  const { names } = history.participants[0] as (typeof history.participants)[0];
  const delayed = withDelayedCommits(system, commitDelays);
  let [ticks, requests] = [0, 0];

  /** Keys and grants created meanwhile keep the ids of the system until all clients have ended. */
  async function serve(resolved: Resolved, instance: number): Promise<Served> {
    requests += 1;
    const request = { ...resolved, requestId: `concurrent ${requests}`, nowMs, newId: '' };
    const beganAt = ++ticks;
    const answer = await execute(delayed, names, request, instance);
    register(registry, request, names.toShared(answer));
    return { request, answer, beganAt, endedAt: ++ticks };
  }

  async function runClient(commands: ConcurrentExample['clients'][0], client: number): Promise<Served[]> {
    const served: Served[] = [];
    for (const { command, turns } of commands) {
      await pause(turns);
      const resolved = resolve(command, registry);
      if (!resolved) continue;
      registry.sent.push({ request: resolved.request, atMs: nowMs });
      served.push(await serve(resolved.request, client));
    }
    return served;
  }

  const during = await Promise.all(clients.map(runClient));
  const concurrentRequests = requests;
  const after = await Promise.all(finalReads(registry).map((read) => serve(read, 0)));

  const ids = during.flat().flatMap(({ request, answer }) => createdId(request.call, answer) ?? []);
  const isKey = (id: string) => id.includes('-');
  for (const [n, id] of ids.sort().entries()) names.learn(nameOf(isKey(id) ? 'key' : 'grant', 100 + n), id);
  const withSharedNames = (served: Served[]) => served.map((one) => withNewId(names.toShared(one)));
  const served = { start: state, clients: during.map(withSharedNames), after: withSharedNames(after) };
  if (serialOrder(served, QUOTAS)) return concurrentRequests;
  const hasOrder = serialOrder({ ...served, after: [] }, QUOTAS) !== undefined;
  throw new Error(report(served.clients, hasOrder ? served.after : []));
}

/** The model must give what it creates the id that the system has answered with. */
function withNewId(served: Served): Served {
  const { request, answer } = served;
  return { ...served, request: { ...request, newId: createdId(request.call, answer) ?? 'not created' } };
}

/** @param after the final reads, if they are what no order explains */
function report(during: Served[][], after: Served[]): string {
  const describe = ({ request, answer, beganAt, endedAt }: Served, who: string) =>
    `${who}, ${beganAt} to ${endedAt}: ${formatRequest(request)}\n    ${JSON.stringify(answer)}`;
  const clients = during.flatMap((client, index) => client.map((one) => describe(one, `client ${index}`)));
  const isEmpty = ({ answer }: Served) => JSON.stringify(answer).includes('"rows":[]');
  const finalReads = after.filter((read) => !isEmpty(read)).map((read) => describe(read, 'final read'));
  return `no serial order gives these answers\n${[...clients, ...finalReads].join('\n')}`;
}
