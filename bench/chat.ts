/** Measures how long a person waits in chat for the answer to a command, over a source of kind bot. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../lib/config.ts';
import { signWebhook } from '../lib/signing/standard-webhooks.ts';
import { DEMO_CHAT_SOURCE, demoMapping } from '../local/demo-chat.ts';
import { openServices } from '../local/open-services.ts';
import { post } from './client.ts';
import { createKeysWithGrants, type KeyWithGrants } from './fill.ts';
import { compare } from './loads.ts';
import type { NamedComparison } from './report.ts';
import { type ServerProcess, sendJson, settingsOf, startFloor, startService, stop } from './service.ts';

export interface ChatPlan {
  rounds: number;
  /** Duration of each measurement, at most: a round also ends with its last prepared command. */
  seconds: number;
  /** Grants of the key that the commands name. */
  grants: number;
}

/** More than the service answers. */
const COMMANDS_PER_SECOND_MAX = 2_000;

/** Fewer than one person may send in a minute, so that none is refused. */
const COMMANDS_PER_PERSON = 25;

const PATH = `/hooks/${DEMO_CHAT_SOURCE}`;
const CONNECTIONS = [1, 16];

interface ChatCommand {
  what: string;
  /** Returns the nth command. */
  text(n: number): string;
  /** Only in an answer that tells what was asked for. */
  proof: string;
}

/** Sends commands in turns to the service and to a floor that answers with the same bytes. */
export async function measureChat(
  dataDir: string,
  { rounds, seconds, grants }: ChatPlan,
  running: ServerProcess[],
): Promise<NamedComparison[][]> {
  mkdirSync(dataDir);
  const { demo, keys } = await createKeysWithGrants(dataDir, [grants]);
  const [key] = keys as [KeyWithGrants];
  const commands = commandsOf(key);
  const perRound = Math.ceil(seconds * COMMANDS_PER_SECOND_MAX);
  const people = ((rounds + 1) * commands.length * CONNECTIONS.length * perRound) / COMMANDS_PER_PERSON;
  await mapPeople(dataDir, demo.users[0]?.user_id ?? '', Math.ceil(people));

  const service = await startService(dataDir);
  running.push(service);
  const floors: ServerProcess[] = [];
  let sent = 0;
  const next = ({ text }: ChatCommand) => request(secretIn(dataDir), text(sent), personName(sent++));
  try {
    for (const command of commands) {
      const { headers, body } = next(command);
      const reply = await sendJson(service.port, PATH, headers, body);
      if (!reply.body.includes(command.proof)) throw new Error(`${command.what}: ${reply.status} ${reply.body}`);
      floors.push(await startFloor(new Map([[PATH, reply]])));
    }
    running.push(...floors);
    const measureRound = async () => {
      const results: NamedComparison[] = [];
      for (const connections of CONNECTIONS) {
        for (const [index, command] of commands.entries()) {
          const requests = Array.from({ length: perRound }, () => next(command)).map(({ headers, body }) =>
            post(PATH, headers, body),
          );
          const result = await compare(
            { service, floor: floors[index] as ServerProcess },
            { connections, seconds, requestsMax: perRound, request: (n) => requests[n % perRound] as Buffer },
          );
          results.push({ what: command.what, connections, ...result });
        }
      }
      return results;
    };
    // The first round warms up.
    await measureRound();
    const measured: NamedComparison[][] = [];
    while (measured.length < rounds) measured.push(await measureRound());
    assertNoneRefused(dataDir);
    return measured;
  } finally {
    await Promise.all([service, ...floors].map(stop));
  }
}

const commandsOf = ({ keyId, grantIds }: KeyWithGrants): ChatCommand[] => [
  { what: 'chat: list', text: () => `list ${keyId}`, proof: `"total":${grantIds.length}` },
  {
    what: 'chat: preview of revoke',
    text: (n) => `revoke ${keyId} ${grantIds[n % grantIds.length]}`,
    proof: '"command":"confirm ',
  },
];

const personName = (n: number) => `person-${Math.floor(n / COMMANDS_PER_PERSON)}`;

/** Maps people to the user. Each command after so many comes from another person. */
async function mapPeople(dataDir: string, userId: string, people: number): Promise<void> {
  const { store } = await openServices(parseConfig(settingsOf(dataDir)));
  const names = Array.from({ length: people + 1 }, (_, index) => personName(index * COMMANDS_PER_PERSON));
  await Promise.all(names.map((name) => store.mappings.put(demoMapping({ name, user_id: userId }))));
  await store.close();
}

function secretIn(dataDir: string): string {
  const hooks = JSON.parse(readFileSync(join(dataDir, 'demo-hooks.json'), 'utf8'));
  return hooks[DEMO_CHAT_SOURCE].secrets[0];
}

/** Each command has a channel of its own, because a preview that is open in the same channel is shown again. */
function request(secret: string, command: string, actor: string) {
  const id = randomUUID();
  const body = JSON.stringify({ command, actor, channel: id, request_id: id });
  const message = { id, timestampSeconds: Math.floor(Date.now() / 1000), body };
  return { headers: signWebhook(message, [secret]), body };
}

/** A refusal has the status 200 too, because a person reads it. */
function assertNoneRefused(dataDir: string): void {
  const lines = readFileSync(join(dataDir, 'service.log'), 'utf8').split('\n');
  const refused = lines.find((line) => /"message":"chat"/.test(line) && /"(refused|code|cause)":/.test(line));
  if (refused) throw new Error(`a command was not answered:\n${refused}`);
}
