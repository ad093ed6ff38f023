/** A webhook source, and a server that accepts messages like SQS and discards them. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Fixture } from './requests.ts';

interface WebhookFixture {
  source: Fixture['webhook'];
  env: { HOOKS: string; QUEUE_URL: string };
  close(): Promise<void>;
}

/** @param folder receives the sources, as a file instead of a secret */
export async function openWebhookFixture(folder: string, projectId: string): Promise<WebhookFixture> {
  const source = { source: 'idp', secret: `whsec_${randomBytes(24).toString('base64')}` };
  const settings = {
    kind: 'standard',
    secrets: [source.secret],
    projects: [projectId],
    actions: ['principal.disabled'],
  };
  const file = join(folder, 'hooks.json');
  writeFileSync(file, JSON.stringify({ [source.source]: settings }), { mode: 0o600 });
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/x-amz-json-1.0').end('{"MessageId":"cold-start"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    source,
    env: { HOOKS: `file:${file}`, QUEUE_URL: `http://127.0.0.1:${port}/000000000000/cold-start` },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
