/** The service as a process of its own: a line for each hook, no secret in any, and the memory of deliveries over a restart. */
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Demo } from '../../../local/demo.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../../support/process.ts';
import type { RequestOptions } from '../../support/service.ts';
import { storeSettings } from '../../support/store.ts';
import {
  OTHER_SECRET,
  PLAIN_SECRET,
  SECRET,
  type SendOptions,
  signEvent,
  signGitHub,
  sourceSettings,
  waitFor,
} from '../fixture.ts';

const LEAKED_TOKEN = 'leaked-token-of-the-test-0123456789';
const MARK = 'words-of-a-body-0123456789';

interface Line {
  level: string;
  message: string;
  [field: string]: unknown;
}

let dataDir: string;
let service: ServiceProcess;
let demo: Demo;
let output = '';
let jobLines: Line[];
let linesAtRestart: number;
/** By the names that the tests give to requests. */
const answered: Record<string, { requestId: string | null; jobId: string | null; status: number; text: string }> = {};
const secrets = [SECRET.slice(6), OTHER_SECRET.slice(6), PLAIN_SECRET, LEAKED_TOKEN, MARK];

async function send(
  name: string,
  path: string,
  { method = 'POST', headers = {}, body }: RequestOptions,
): Promise<void> {
  secrets.push(...Object.values(headers).filter((value) => /^v1,|^ME/.test(value)));
  const response = await fetch(service.url + path, {
    method,
    headers,
    ...(body !== undefined && { body: String(body) }),
  });
  answered[name] = {
    requestId: response.headers.get('x-request-id'),
    jobId: response.headers.get('x-job-id'),
    status: response.status,
    text: await response.text(),
  };
}

function tell(
  name: string,
  body: unknown,
  { source = 'hr', change = {}, ...signing }: SendOptions = {},
): Promise<void> {
  const ask = signEvent(body, { atMs: Date.now(), ...signing });
  return send(name, `/hooks/${source}`, { ...ask, ...change });
}

const linesIn = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);

async function stop(): Promise<void> {
  const closed = once(service.child, 'close');
  await service.stop();
  await closed;
  output += service.output();
}

const event = () => ({ type: 'principal.disabled', data: { grantee_principal: demo.users[1]?.user_id, reason: MARK } });
const unmapped = { type: 'principal.disabled', data: { identity: MARK } };

beforeAll(async () => {
  dataDir = newDataDir();
  const store = storeSettings();
  const first = await startProcess(dataDir, [], store);
  demo = first.demo();
  await first.stop();
  const path = join(dataDir, 'hooks.json');
  writeFileSync(path, JSON.stringify(sourceSettings(demo.project_id, 'f'.repeat(32))));
  const start = () => startProcess(dataDir, [], { ...store, HOOKS: `file:${path}` });
  service = await start();

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  await tell('done', event(), { id: 'msg-again' });
  await tell('ignored', { type: 'user.created', data: { name: MARK } });
  await tell('unmapped', unmapped);
  await send('secret found', '/hooks/github', signGitHub([{ token: LEAKED_TOKEN, type: 'kms_token' }]));
  await send('scim', `/hooks/scim/Users/${MARK}`, { method: 'DELETE', headers: bearer(PLAIN_SECRET) });
  await tell('wrong secret', event(), { secret: OTHER_SECRET });
  await tell('other bytes', event(), { change: { body: JSON.stringify(unmapped) } });
  await tell('too old', event(), { atMs: Date.now() - 302_000 });
  await tell('unknown source', event(), { source: MARK });
  await send('wrong token', '/hooks/scim/Users/1', { method: 'DELETE', headers: bearer(LEAKED_TOKEN) });
  await tell('not its project', { ...event(), data: { ...event().data, project_id: MARK } });
  await tell('not its action', event(), { source: 'narrow' });
  await tell('broken JSON', `{"type":"${MARK}`);
  await tell('nobody', { type: 'principal.disabled', data: { reason: MARK } });
  await tell('too large', { type: MARK, data: { text: ' '.repeat(70_000) } });
  const jobs = () => linesIn(service.output()).filter(({ message }) => message === 'job');
  jobLines = await waitFor('four jobs end', async () => (jobs().length >= 4 ? jobs() : undefined));

  await stop();
  service = await start();
  linesAtRestart = linesIn(output).length;
  await tell('again', event(), { id: 'msg-again' });
  await tell('again with other bytes', unmapped, { id: 'msg-again' });
  await stop();
}, 120_000);
afterAll(async () => {
  await service?.stop('SIGKILL');
  rmSync(dataDir, { recursive: true });
});

/** In the answer, or in a header of one that has no room for it. */
const jobIdOf = (name: string) => answered[name]?.jobId ?? JSON.parse(answered[name]?.text ?? '').job_id;

const linesOf = (name: string) => linesIn(output).filter((line) => line['request_id'] === answered[name]?.requestId);

test.each([
  ['done', 200, undefined, 'hr'],
  ['ignored', 200, undefined, 'hr'],
  ['unmapped', 200, undefined, 'hr'],
  ['secret found', 200, undefined, 'github'],
  ['scim', 204, undefined, 'scim'],
  ['wrong secret', 401, 'APIGW.0301', 'hr'],
  ['other bytes', 401, 'APIGW.0301', 'hr'],
  ['too old', 401, 'APIGW.0301', 'hr'],
  ['unknown source', 401, 'APIGW.0301', undefined],
  ['wrong token', 401, 'APIGW.0301', 'scim'],
  ['not its project', 403, 'KMS.0307', 'hr'],
  ['not its action', 403, 'KMS.0307', 'narrow'],
  ['broken JSON', 400, 'KMS.0202', 'hr'],
  ['nobody', 400, 'KMS.0204', 'hr'],
  ['too large', 400, 'KMS.0203', undefined],
  ['again', 200, undefined, 'hr'],
  ['again with other bytes', 200, undefined, 'hr'],
])('%s: %i %s, and one line that names the source where there is such a one', (name, status, code, source) => {
  expect(answered[name]?.status).toBe(status);
  const lines = linesOf(name);
  expect(lines).toHaveLength(1);
  const [line] = lines;
  expect(line).toMatchObject({ level: 'INFO', message: 'request', action: 'webhook', status });
  expect([line?.['code'], line?.['source']]).toEqual([code, source]);
  expect(line?.['job_id']).toBe(status < 300 ? jobIdOf(name) : undefined);
});

test.each([
  ['wrong secret', 'wrong signature'],
  ['too old', 'webhook-timestamp is more than 5 minutes off'],
  ['unknown source', 'there is no such source'],
])('%s: the log alone says why', (name, cause) => {
  expect(linesOf(name)[0]?.['cause']).toBe(cause);
  expect(answered[name]?.text).not.toContain(cause);
});

test('each job that has something to do ends with a line; the level calls for who must look', () => {
  const ends = jobLines.map(({ level, job_id, state, revoked, unmapped }) => [job_id, level, state, revoked, unmapped]);
  expect(ends.sort()).toEqual(
    [
      [jobIdOf('done'), 'INFO', 'done', demo.grants.length, 0],
      [jobIdOf('unmapped'), 'WARN', 'unmapped', 0, 1],
      [jobIdOf('secret found'), 'WARN', 'unmapped', 0, 1],
      [jobIdOf('scim'), 'WARN', 'unmapped', 0, 1],
    ].sort(),
  );
});

test('after a restart the same delivery gets the first answer, byte for byte, and nothing is done', () => {
  expect(answered['again']?.text).toBe(answered['done']?.text);
  expect(answered['again with other bytes']?.text).toBe(answered['done']?.text);
  const after = linesIn(output).slice(linesAtRestart);
  expect(after.map(({ message }) => message)).toEqual(['request', 'request']);
});

test('no secret, signature, token or word of a body is anywhere in the output', () => {
  // The signatures: 14 in the form of the standard, and one of GitHub's.
  expect(secrets).toHaveLength(5 + 14 + 1);
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(16);
    expect(output.includes(secret)).toBe(false);
  }
});
