/** A webhook source, a chat source, and a server that accepts messages like SQS and discards them. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CHAT_ACTIONS } from '../../lib/chat/source.ts';
import { DEMO_CHAT_SOURCE } from '../../local/demo-chat.ts';
import type { Fixture } from './requests.ts';

interface WebhookFixture {
  source: Fixture['webhook'];
  chatSecret: string;
  env: { HOOKS: string; QUEUE_URL: string };
  close(): Promise<void>;
}

/** @param folder receives the sources, as a file instead of a secret */
export async function openWebhookFixture(folder: string, projectId: string): Promise<WebhookFixture> {
  const newSecret = () => `whsec_${randomBytes(24).toString('base64')}`;
  const source = { source: 'idp', secret: newSecret() };
  const chatSecret = newSecret();
  const settings = {
    kind: 'standard',
    secrets: [source.secret],
    projects: [projectId],
    actions: ['principal.disabled'],
  };
  const file = join(folder, 'hooks.json');
  const chat = { kind: 'bot', secrets: [chatSecret], projects: [projectId], actions: CHAT_ACTIONS };
  writeFileSync(file, JSON.stringify({ [source.source]: settings, [DEMO_CHAT_SOURCE]: chat }), { mode: 0o600 });
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/x-amz-json-1.0').end('{"MessageId":"cold-start"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    source,
    chatSecret,
    env: { HOOKS: `file:${file}`, QUEUE_URL: `http://127.0.0.1:${port}/000000000000/cold-start` },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
