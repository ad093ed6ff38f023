/** What hooks need beside the table: who may send them, and a queue that takes what it is sent and keeps nothing. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { World } from './requests.ts';

export interface HookParts {
  hook: World['hook'];
  env: { HOOKS: string; QUEUE_URL: string };
  close(): Promise<void>;
}

/** @param folder where the settings go: a file, where deployed functions read a secret */
export async function openHookParts(folder: string, projectId: string): Promise<HookParts> {
  const hook = { source: 'idp', secret: `whsec_${randomBytes(24).toString('base64')}` };
  const source = { kind: 'standard', secrets: [hook.secret], projects: [projectId], actions: ['principal.disabled'] };
  const file = join(folder, 'hooks.json');
  writeFileSync(file, JSON.stringify({ [hook.source]: source }));
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/x-amz-json-1.0').end('{"MessageId":"cold-start"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    hook,
    env: { HOOKS: `file:${file}`, QUEUE_URL: `http://127.0.0.1:${port}/000000000000/cold-start` },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
