/** One history, run on the model and on every stage side by side: each answer is compared, and in the end all there is. */
import { isDeepStrictEqual } from 'node:util';
import type { Command, Send } from './commands.ts';
import { closingReads } from './final-reads.ts';
import { EMPTY, step } from './model.ts';
import { newNames } from './names.ts';
import type { Answer, Ask, Request } from './request.ts';
import { type Known, madeBy, type Resolved, remember, resolve } from './resolve.ts';
import { perform, type Stage } from './scenario.ts';
import { nameOf, QUOTAS } from './values.ts';

/** 2026-11-22T06:00:00Z */
const START_MS = 1_795_327_200_000;

const aKey = (alias: string, by: number, isAstray = false): Send => ({
  draft: { action: 'create-key', alias, description: '', keySpec: 'AES_256', keyUsage: 'ENCRYPT_DECRYPT' },
  by,
  isAstray,
  padding: '',
  via: 0,
});

/** What every history starts with: two keys in one project, one in the other. */
const GIVEN: Send[] = [aKey('given-1', 0), aKey('given-2', 1), aKey('given-3', 0, true)];

export async function newHistory(stages: readonly Stage[]) {
  const sides = stages.map((stage) => ({ stage, names: newNames() }));
  const known: Known = { keys: [], grants: [], sent: [] };
  const story: [Request, Answer][] = [];
  let state = EMPTY;
  let nowMs = START_MS;

  /** Asks the model and every system. @throws Error with the whole story where one answers otherwise */
  async function send(resolved: Resolved, via: number): Promise<void> {
    const request = { ...resolved, requestId: `request ${story.length}`, nowMs, newId: newIdFor(resolved.ask, known) };
    const [next, expected] = step(state, request, QUOTAS);
    const shown = plain(expected);
    const told = story.push([request, shown]);
    state = next;
    const answers = await Promise.all(sides.map(({ stage, names }) => perform(stage, names, request, via)));
    remember(known, request, expected);
    for (const [index, { stage, names }] of sides.entries()) {
      const own = answers[index] as Answer;
      const [name, id] = [madeBy(request.ask, expected), madeBy(request.ask, own)];
      if (name !== undefined && id !== undefined) names.learn(name, id);
      const answer = names.toShared(own);
      if (!isDeepStrictEqual(answer, shown)) throw new Error(mismatch(story.slice(0, told), stage.name, answer));
    }
  }

  /** Runs one line. @returns whether it made a request */
  async function obey(command: Command): Promise<boolean> {
    const found = resolve(command, known, state.keys);
    if (!found) return false;
    const { request, atMs = nowMs } = found;
    nowMs = Math.max(nowMs, atMs);
    known.sent.push({ request, atMs: nowMs });
    await send(request, command.via);
    nowMs += 1;
    return true;
  }

  for (const given of GIVEN) await obey(given);
  return {
    sides,
    known,
    obey,
    model: () => ({ state, nowMs }),
    /** Compares all that can be read. */
    async close(): Promise<void> {
      const reads = await Promise.allSettled(closingReads(known).map((read) => send(read, 0)));
      for (const read of reads) if (read.status === 'rejected') throw read.reason;
    },
  };
}

const newIdFor = ({ action }: Ask, { keys, grants }: Known) =>
  action === 'create-key' ? nameOf('key', keys.length) : nameOf('grant', grants.length);

/** As JSON holds it: without what is undefined. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

function mismatch(story: [Request, Answer][], name: string, answer: Answer): string {
  const lines = story.map(([request, expected]) => `${tell(request)}\n    ${JSON.stringify(expected)}`);
  return `${lines.join('\n')}\nand ${name} answers\n    ${JSON.stringify(answer)}`;
}

/** A request on one line. */
export function tell({ ask, user, project, nowMs, sequence, signature, padding }: Request): string {
  const proofs = JSON.stringify({ sequence, signature, padding: padding || undefined });
  return `+${nowMs - START_MS} ms ${user} in ${project}: ${JSON.stringify(ask)}${proofs === '{}' ? '' : ` ${proofs}`}`;
}
