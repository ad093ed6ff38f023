/** Chat through a real bot: errbot with a plugin that signs what people type and sends it to /hooks/bot. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CHILD_ENV, newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';
import { type Errbot, startErrbot } from './errbot.ts';

let dataDir: string;
let service: ServiceProcess;
let secret: string;
let bot: Errbot | undefined;

beforeAll(async () => {
  dataDir = newDataDir();
  service = await startProcess(dataDir);
  [secret] = JSON.parse(readFileSync(join(dataDir, 'demo-hooks.json'), 'utf8')).bot.secrets;
  bot = await startErrbot('@ann', { KMS_GRANTS_URL: `${service.url}/hooks/bot`, KMS_GRANTS_SECRET: secret });
});
afterAll(async () => {
  await bot?.stop();
  await service?.stop();
  rmSync(dataDir, { recursive: true });
});

/** Types a command, and waits for words of the answer. */
const say = (command: string, answer: RegExp) => bot?.say(`!grants ${command}`, answer) ?? '';

test('a person who is not mapped gets the identity to map, and after the mapping revokes a grant with a preview', async () => {
  const { users, grants } = service.demo();
  const [creator] = users;
  const [grant] = grants;
  expect(await say('list orders', /bot:bot:@ann/)).not.toContain(grant?.grant_id);

  const mapping = ['map', '--source', 'bot', '--identity', 'bot:bot:@ann', '--principal', creator?.user_id ?? ''];
  const { status } = spawnSync(process.execPath, ['local/admin.ts', ...mapping], {
    env: { ...CHILD_ENV, DATA_DIR: dataDir },
  });
  expect(status).toBe(0);
  const grantId = grant?.grant_id ?? '';
  expect(await say('list orders', new RegExp(grantId))).toContain('orders');

  const preview = await say(`revoke orders ${grantId} reason left the team`, /confirm [0-9a-f]{32}/);
  expect(await say('list orders', new RegExp(grantId))).toContain(grantId);
  const [, requestId = ''] = /confirm ([0-9a-f]{32})/.exec(preview) ?? [];
  await say(`confirm ${requestId}`, /Revoked 1 grant/);
  expect(await say('list orders', /orders-archive/)).not.toContain(grantId);
});
