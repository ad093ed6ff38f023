/**
 * The log of a service process: one line for each webhook, without secrets; and deliveries repeated after a restart.
 */
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
/** Part of each body: the log must not contain it. */
const BODY_TEXT = 'text-of-a-body-0123456789';

interface LogLine {
  level: string;
  message: string;
  [field: string]: unknown;
}

let dataDir: string;
let service: ServiceProcess;
let demo: Demo;
let output = '';
let jobLines: LogLine[];
let linesAtRestart: number;
/** Responses by the name that each request has in this test. */
const responses: Record<string, { requestId: string | null; jobId: string | null; status: number; text: string }> = {};
const secrets = [SECRET.slice(6), OTHER_SECRET.slice(6), PLAIN_SECRET, LEAKED_TOKEN, BODY_TEXT];

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
  responses[name] = {
    requestId: response.headers.get('x-request-id'),
    jobId: response.headers.get('x-job-id'),
    status: response.status,
    text: await response.text(),
  };
}

function sendEvent(
  name: string,
  body: unknown,
  { source = 'hr', change = {}, ...signing }: SendOptions = {},
): Promise<void> {
  const request = signEvent(body, { atMs: Date.now(), ...signing });
  return send(name, `/hooks/${source}`, { ...request, ...change });
}

const logLinesIn = (text: string): LogLine[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as LogLine);

async function stop(): Promise<void> {
  const closed = once(service.child, 'close');
  await service.stop();
  await closed;
  output += service.output();
}

const event = () => ({
  type: 'principal.disabled',
  data: { grantee_principal: demo.users[1]?.user_id, reason: BODY_TEXT },
});
const unmapped = { type: 'principal.disabled', data: { identity: BODY_TEXT } };

beforeAll(async () => {
  dataDir = newDataDir();
  const store = storeSettings();
  const first = await startProcess(dataDir, [], store);
  demo = first.demo();
  await first.stop();
  const path = join(dataDir, 'hooks.json');
  writeFileSync(path, JSON.stringify(sourceSettings(demo.project_id)));
  const start = () => startProcess(dataDir, [], { ...store, HOOKS: `file:${path}` });
  service = await start();

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  await sendEvent('done', event(), { id: 'msg-repeated' });
  await sendEvent('ignored', { type: 'user.created', data: { name: BODY_TEXT } });
  await sendEvent('unmapped', unmapped);
  await send('leaked token', '/hooks/github', signGitHub([{ token: LEAKED_TOKEN, type: 'kms_token' }]));
  const headers = bearer(PLAIN_SECRET);
  await send('scim created', '/hooks/scim/Users', { headers, body: JSON.stringify({ userName: BODY_TEXT }) });
  const { id } = JSON.parse(responses['scim created']?.text ?? '');
  await send('scim', `/hooks/scim/Users/${id}`, { method: 'DELETE', headers });
  await send('scim unknown', `/hooks/scim/Users/${BODY_TEXT}`, { method: 'DELETE', headers });
  await sendEvent('wrong secret', event(), { secret: OTHER_SECRET });
  await sendEvent('another body', event(), { change: { body: JSON.stringify(unmapped) } });
  await sendEvent('too old', event(), { atMs: Date.now() - 302_000 });
  await sendEvent('unknown source', event(), { source: BODY_TEXT });
  await send('wrong token', '/hooks/scim/Users/1', { method: 'DELETE', headers: bearer(LEAKED_TOKEN) });
  await sendEvent('project not allowed', { ...event(), data: { ...event().data, project_id: BODY_TEXT } });
  await sendEvent('action not allowed', event(), { source: 'narrow' });
  await sendEvent('broken JSON', `{"type":"${BODY_TEXT}`);
  await sendEvent('no principal', { type: 'principal.disabled', data: { reason: BODY_TEXT } });
  await sendEvent('too large', { type: BODY_TEXT, data: { text: ' '.repeat(1_100_000) } });
  const jobs = () => logLinesIn(service.output()).filter(({ message }) => message === 'job');
  jobLines = await waitFor('the end of four jobs', async () => (jobs().length >= 4 ? jobs() : undefined));

  await stop();
  service = await start();
  linesAtRestart = logLinesIn(output).length;
  await sendEvent('repeated', event(), { id: 'msg-repeated' });
  await sendEvent('repeated with another body', unmapped, { id: 'msg-repeated' });
  await stop();
}, 120_000);
afterAll(async () => {
  await service?.stop('SIGKILL');
  rmSync(dataDir, { recursive: true });
});

/** The job id in the body, or in the header where the source's protocol fixes the body. */
const jobIdOf = (name: string) => responses[name]?.jobId ?? JSON.parse(responses[name]?.text ?? '').job_id;

const logLinesOf = (name: string) =>
  logLinesIn(output).filter((line) => line['request_id'] === responses[name]?.requestId);

test.each([
  ['done', 200, undefined, 'hr'],
  ['ignored', 200, undefined, 'hr'],
  ['unmapped', 200, undefined, 'hr'],
  ['leaked token', 200, undefined, 'github'],
  ['scim', 204, undefined, 'scim'],
  ['scim unknown', 404, 'KMS.0308', 'scim'],
  ['wrong secret', 401, 'APIGW.0301', 'hr'],
  ['another body', 401, 'APIGW.0301', 'hr'],
  ['too old', 401, 'APIGW.0301', 'hr'],
  ['unknown source', 401, 'APIGW.0301', undefined],
  ['wrong token', 401, 'APIGW.0301', 'scim'],
  ['project not allowed', 403, 'KMS.0307', 'hr'],
  ['action not allowed', 403, 'KMS.0307', 'narrow'],
  ['broken JSON', 400, 'KMS.0202', 'hr'],
  ['no principal', 400, 'KMS.0204', 'hr'],
  ['too large', 400, 'KMS.0203', undefined],
  ['repeated', 200, undefined, 'hr'],
  ['repeated with another body', 400, 'KMS.0308', 'hr'],
])('the webhook "%s" answers %i %s, and writes one log line that names its source', (name, status, code, source) => {
  expect(responses[name]?.status).toBe(status);
  const lines = logLinesOf(name);
  expect(lines).toHaveLength(1);
  const [line] = lines;
  expect(line).toMatchObject({
    level: 'INFO',
    message: 'request',
    action: expect.stringMatching(/^(?:webhook|scim)$/),
    status,
  });
  expect([line?.['code'], line?.['source']]).toEqual([code, source]);
  expect(line?.['job_id']).toBe(status < 300 ? jobIdOf(name) : undefined);
});

test.each([
  ['wrong secret', 'wrong signature'],
  ['too old', 'webhook-timestamp is more than 5 minutes off'],
  ['unknown source', 'there is no such source'],
])('the reason of the refusal "%s" is in the log and not in the reply', (name, cause) => {
  expect(logLinesOf(name)[0]?.['cause']).toBe(cause);
  expect(responses[name]?.text).not.toContain(cause);
});

test('each job writes a log line at its end, as a warning if an identity is unmapped', () => {
  const jobEnds = jobLines.map(({ level, job_id, state, revoked, unmapped }) => [
    job_id,
    level,
    state,
    revoked,
    unmapped,
  ]);
  expect(jobEnds.sort()).toEqual(
    [
      [jobIdOf('done'), 'INFO', 'done', demo.grants.length, 0],
      [jobIdOf('unmapped'), 'WARN', 'unmapped', 0, 1],
      [jobIdOf('leaked token'), 'WARN', 'unmapped', 0, 1],
      [jobIdOf('scim'), 'WARN', 'unmapped', 0, 2],
    ].sort(),
  );
});

test('a delivery that is repeated after a restart gets the first reply, byte for byte, and does nothing', () => {
  expect(responses['repeated']?.text).toBe(responses['done']?.text);
  const linesAfterRestart = logLinesIn(output).slice(linesAtRestart);
  expect(linesAfterRestart.map(({ message }) => message)).toEqual(['request', 'request']);
});

test('the output contains no secret, signature or token, and no text of a body', () => {
  // Besides the first five: 14 signatures of Standard Webhooks and one of GitHub.
  expect(secrets).toHaveLength(5 + 14 + 1);
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(16);
    expect(output.includes(secret)).toBe(false);
  }
});
