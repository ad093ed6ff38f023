/** Runs a history on the model and every system, and compares each answer and finally everything that can be read. */
import { isDeepStrictEqual } from 'node:util';
import type { Command, SendCommand } from './commands.ts';
import { finalReads } from './final-reads.ts';
import { EMPTY, step } from './model.ts';
import { newNames } from './names.ts';
import type { Answer, Call, Request } from './request.ts';
import { createdId, type Registry, type Resolved, register, resolve } from './resolve.ts';
import { execute, type System } from './system-under-test.ts';
import { nameOf, QUOTAS } from './values.ts';

/** 2026-11-22T06:00:00Z */
const START_MS = 1_795_327_200_000;

const createKeyCommand = (alias: string, sender: number, isWrongProject = false): SendCommand => ({
  template: { action: 'create-key', alias, description: '', keySpec: 'AES_256', keyUsage: 'ENCRYPT_DECRYPT' },
  sender,
  isWrongProject,
  padding: '',
  instance: 0,
});

/** Every history starts with two keys in one project and one in the other. */
const SETUP: SendCommand[] = [
  createKeyCommand('given-1', 0),
  createKeyCommand('given-2', 1),
  createKeyCommand('given-3', 0, true),
];

export async function newHistory(systems: readonly System[]) {
  const participants = systems.map((system) => ({ system, names: newNames() }));
  const registry: Registry = { keys: [], grants: [], sent: [] };
  const log: [Request, Answer][] = [];
  let state = EMPTY;
  let nowMs = START_MS;

  /** Sends a request to the model and every system. @throws Error with the whole history if an answer differs */
  async function send(resolved: Resolved, instance: number): Promise<void> {
    const request = {
      ...resolved,
      requestId: `request ${log.length}`,
      nowMs,
      newId: newIdFor(resolved.call, registry),
    };
    const [next, expected] = step(state, request, QUOTAS);
    const expectedJson = toJson(expected);
    const logLength = log.push([request, expectedJson]);
    state = next;
    const answers = await Promise.all(
      participants.map(({ system, names }) => execute(system, names, request, instance)),
    );
    register(registry, request, expected);
    for (const [index, { system, names }] of participants.entries()) {
      const own = answers[index] as Answer;
      const [name, id] = [createdId(request.call, expected), createdId(request.call, own)];
      if (name !== undefined && id !== undefined) names.learn(name, id);
      const answer = names.toShared(own);
      if (!isDeepStrictEqual(answer, expectedJson)) {
        throw new Error(mismatch(log.slice(0, logLength), system.name, answer));
      }
    }
  }

  /** Runs one command. @returns whether it sent a request */
  async function run(command: Command): Promise<boolean> {
    const resolved = resolve(command, registry, state.keys);
    if (!resolved) return false;
    const { request, atMs = nowMs } = resolved;
    nowMs = Math.max(nowMs, atMs);
    registry.sent.push({ request, atMs: nowMs });
    await send(request, command.instance);
    nowMs += 1;
    return true;
  }

  for (const command of SETUP) await run(command);
  return {
    participants,
    registry,
    run,
    model: () => ({ state, nowMs }),
    /** Compares everything that can be read. */
    async close(): Promise<void> {
      const reads = await Promise.allSettled(finalReads(registry).map((read) => send(read, 0)));
      for (const read of reads) if (read.status === 'rejected') throw read.reason;
    },
  };
}

const newIdFor = ({ action }: Call, { keys, grants }: Registry) =>
  action === 'create-key' ? nameOf('key', keys.length) : nameOf('grant', grants.length);

/** Removes properties that are undefined, as JSON does. */
function toJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

function mismatch(log: [Request, Answer][], name: string, answer: Answer): string {
  const lines = log.map(([request, expected]) => `${formatRequest(request)}\n    ${JSON.stringify(expected)}`);
  return `${lines.join('\n')}\nand ${name} answers\n    ${JSON.stringify(answer)}`;
}

/** Formats a request on one line. */
export function formatRequest({ call, user, project, nowMs, sequence, signature, padding }: Request): string {
  const rest = JSON.stringify({ sequence, signature, padding: padding || undefined });
  return `+${nowMs - START_MS} ms ${user} in ${project}: ${JSON.stringify(call)}${rest === '{}' ? '' : ` ${rest}`}`;
}
