/** What is special about Feishu when people in a group revoke grants: which card stands in which chat. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { ChatPlatform } from '../../../lib/chat/platform.ts';
import type { FeishuSettings } from '../../../lib/chat/platforms/feishu/settings.ts';
import { feishuPlatform } from '../../../lib/chat/platforms/feishu.ts';
import { PLATFORMS } from '../../../lib/chat/platforms.ts';
import { logger } from '../../../lib/logger.ts';
import { fakeFeishu } from '../../support/chat/fake-feishu.ts';
import { APP } from '../../support/chat/feishu-requests.ts';
import { ANN, BOB, feishuSource, GROUP } from '../../support/chat/feishu-source.ts';
import { newGrant, newKey } from '../../support/create.ts';
import { startService, type TestService } from '../../support/service.ts';

const folder = mkdtempSync(join(tmpdir(), 'kms-grants-feishu-'));
let service: TestService;
let feishu: ReturnType<typeof fakeFeishu>;

beforeAll(async () => {
  for (const level of ['info', 'warn'] as const) jest.spyOn(logger, level).mockImplementation(() => {});
  const path = join(folder, 'hooks.json');
  const secretPath = join(folder, 'app-secret');
  service = await startService({ HOOKS: `file:${path}`, CHAT_APPROVERS: 'revoke-all=2' });
  const now = () => service.clock.nowMs;
  feishu = fakeFeishu({ now, groups: { [GROUP]: [ANN, BOB] } });
  const platform: ChatPlatform<FeishuSettings> = feishuPlatform({ send: feishu.send, now });
  PLATFORMS.feishu = platform;
  writeFileSync(secretPath, `${APP.appSecret}\n`);
  const settings = { ...feishuSource().settings, app_secret: `file:${secretPath}`, channels: [GROUP] };
  const projects = [service.demo.project_id];
  writeFileSync(
    path,
    JSON.stringify({ feishu: { kind: 'feishu', secrets: [APP.encryptKey], projects, may_approve: true, ...settings } }),
  );
  const map = (openId: string, grantee: string) =>
    service.services.store.mappings.put({ source: 'feishu', identity: `feishu:${APP.tenant}:${openId}`, grantee });
  await map(ANN, service.administrator.user_id);
  const other = await service.addUser('second-administrator', 'KMS Administrator');
  await map(BOB, other.user_id);
});

afterEach(() => {
  service.clock.nowMs += 60_000;
});

afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true });
});

async function post(event: object) {
  const { headers, body } = feishu.requestOf(event);
  const { status, body: reply } = await service.send('/hooks/feishu', {
    headers: headers as Record<string, string>,
    body,
  });
  return { status, reply };
}

const write = (openId: string, text: string) => post(feishu.message(openId, text, { chatId: GROUP }));
const lastCard = (openId: string, chatId: string) =>
  feishu
    .cardsOf(openId)
    .filter((card) => card.chatId === chatId)
    .at(-1);

/** Presses a button, and shows the answer. */
async function press(openId: string, chatId: string, buttonIndex: number) {
  const { messageId = '', card } = lastCard(openId, chatId) ?? {};
  const labels = card?.body.elements.filter(({ tag }) => tag === 'button').map(({ text }) => text.content) ?? [];
  const { status, reply } = await post(feishu.press(openId, messageId, labels[buttonIndex] ?? ''));
  expect(status).toBe(200);
  return feishu.showAnswer(messageId, reply);
}

const isThere = async (keyId: string, grantId: string) => {
  const { body } = await service.kms(service.creator, 'list-grants', { key_id: keyId });
  return JSON.stringify(body).includes(grantId);
};

test('a grant is revoked from the preview in the direct chat, and the group sees one receipt', async () => {
  const keyId = await newKey(service);
  const grantId = await newGrant(service, keyId);
  await write(ANN, `revoke ${keyId} ${grantId} reason left`);
  expect(feishu.seenBy(BOB)).toEqual([]);
  await press(ANN, feishu.directChat(ANN), 0);
  expect(await isThere(keyId, grantId)).toBe(false);
  expect(feishu.seenBy(BOB)).toHaveLength(1);
  const receipt = lastCard(BOB, GROUP);
  expect(receipt?.card.header.template).toBe('green');
  expect(receipt?.card.body.elements.filter(({ tag }) => tag === 'button')).toEqual([]);
  expect(lastCard(ANN, feishu.directChat(ANN))?.card.header).toEqual(receipt?.card.header);
});

test('two people, one request: the second person approves in the group, and the card there becomes the receipt', async () => {
  const keyId = await newKey(service);
  const grantId = await newGrant(service, keyId);
  const before = feishu.seenBy(BOB).length;
  await write(ANN, `revoke-all ${service.grantee.user_id} on ${keyId}`);
  await press(ANN, feishu.directChat(ANN), 0);
  expect(feishu.seenBy(BOB)).toHaveLength(before + 1);
  expect(await isThere(keyId, grantId)).toBe(true);
  await press(ANN, GROUP, 0);
  expect(await isThere(keyId, grantId)).toBe(true);
  await press(BOB, GROUP, 0);
  expect(await isThere(keyId, grantId)).toBe(false);
  expect(feishu.seenBy(BOB)).toHaveLength(before + 1);
  expect(lastCard(BOB, GROUP)?.card.header.template).toBe('green');
});

test('a message in another chat, of another organisation or unsigned is refused', async () => {
  const direct = feishu.message(ANN, 'keys');
  const foreign = feishu.message(ANN, 'keys', { chatId: GROUP, tenant: 'foreign' });
  for (const event of [direct, foreign]) expect((await post(event)).status).toBe(401);
  const { body } = feishu.requestOf(feishu.message(ANN, 'keys', { chatId: GROUP }));
  expect((await service.send('/hooks/feishu', { body })).status).toBe(401);
});

test('the check of the URL gets its challenge', async () => {
  const check = { type: 'url_verification', token: APP.verificationToken, challenge: 'ajls384kdjx98XX' };
  expect(await post(check)).toEqual({ status: 200, reply: { challenge: 'ajls384kdjx98XX' } });
});
