/** Several clients at once on one stage: what they are answered must be explained by some order, one after the other. */

import { type Checked, check } from './check.ts';
import { type AtOnce, atOnce } from './concurrent-command.ts';
import { closingReads } from './final-reads.ts';
import { newHistory, tell } from './history.ts';
import { madeBy, type Resolved, remember, resolve } from './resolve.ts';
import { lagging, pause, perform, type Stage } from './scenario.ts';
import { type Served, serialOrder } from './serializability.ts';
import type { Engine } from './systems.ts';
import { nameOf, QUOTAS } from './values.ts';

/** @throws Error with a seed, and the smallest history found that no serial order explains */
export async function checkAtOnce(engine: Engine, histories: number, seed: number): Promise<Checked> {
  const checked = { commands: 0, histories: 0 };
  const run = async ([stage]: Stage[], example: AtOnce) => {
    checked.commands += await runAtOnce(stage as Stage, example);
    checked.histories += 1;
  };
  for (let next = seed; checked.histories < histories; next += 1) {
    await check({ engines: [engine], examples: atOnce, seed: next, run });
  }
  return checked;
}

/** @returns how many requests were made at once */
async function runAtOnce(stage: Stage, { before, clients, lags }: AtOnce): Promise<number> {
  const history = await newHistory([stage]);
  for (const command of before) await history.obey(command);
  const { state, nowMs } = history.model();
  const { known } = history;
  const { names } = history.sides[0] as (typeof history.sides)[0];
  const late = lagging(stage, lags);
  let [ticks, requests] = [0, 0];

  /** What is made meanwhile goes by the ids it was answered with until all is over. */
  async function serve(resolved: Resolved, via: number): Promise<Served> {
    requests += 1;
    const request = { ...resolved, requestId: `at once ${requests}`, nowMs, newId: '' };
    const beganAt = ++ticks;
    const answer = await perform(late, names, request, via);
    remember(known, request, names.toShared(answer));
    return { request, answer, beganAt, endedAt: ++ticks };
  }

  async function runClient(commands: AtOnce['clients'][0], client: number): Promise<Served[]> {
    const served: Served[] = [];
    for (const { command, turns } of commands) {
      await pause(turns);
      const found = resolve(command, known);
      if (!found) continue;
      known.sent.push({ request: found.request, atMs: nowMs });
      served.push(await serve(found.request, client));
    }
    return served;
  }

  const during = await Promise.all(clients.map(runClient));
  const made = requests;
  const after = await Promise.all(closingReads(known).map((read) => serve(read, 0)));

  const ids = during.flat().flatMap(({ request, answer }) => madeBy(request.ask, answer) ?? []);
  const isKey = (id: string) => id.includes('-');
  for (const [n, id] of ids.sort().entries()) names.learn(nameOf(isKey(id) ? 'key' : 'grant', 100 + n), id);
  const named = (served: Served[]) => served.map((one) => withNewId(names.toShared(one)));
  const served = { start: state, clients: during.map(named), after: named(after) };
  if (serialOrder(served, QUOTAS)) return made;
  const hasOrder = serialOrder({ ...served, after: [] }, QUOTAS) !== undefined;
  throw new Error(storyOf(served.clients, hasOrder ? served.after : []));
}

/** The model calls what it makes by the name that the answer gives it. */
function withNewId(served: Served): Served {
  const { request, answer } = served;
  return { ...served, request: { ...request, newId: madeBy(request.ask, answer) ?? 'never made' } };
}

/** @param after what was read at the end, where that is what does not fit */
function storyOf(during: Served[][], after: Served[]): string {
  const told = ({ request, answer, beganAt, endedAt }: Served, who: string) =>
    `${who}, ${beganAt} to ${endedAt}: ${tell(request)}\n    ${JSON.stringify(answer)}`;
  const clients = during.flatMap((client, index) => client.map((one) => told(one, `client ${index}`)));
  const isEmpty = ({ answer }: Served) => JSON.stringify(answer).includes('"rows":[]');
  const closing = after.filter((read) => !isEmpty(read)).map((read) => told(read, 'in the end'));
  return `no serial order gives these answers\n${[...clients, ...closing].join('\n')}`;
}
