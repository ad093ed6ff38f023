/**
 * Also tests: local/admin/github-deliveries.ts.
 * The command `redeliver` against a fake of GitHub that answers in the documented form.
 */
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Output, Values } from '../../../local/admin/command.ts';
import { REDELIVER } from '../../../local/admin/redeliver.ts';
import { runAdmin } from '../../../local/admin/run.ts';
import { PLAIN_SECRET } from '../../webhooks/fixture.ts';
import { type SourceFixture, startSourceFixture } from '../../webhooks/inbound/kinds/source-fixture.ts';
import { type FakeDelivery, type FakeGitHub, startFakeGitHub, TOKEN } from './fake-github.ts';

let fixture: SourceFixture;
let gitHub: FakeGitHub;
const folder = mkdtempSync(join(tmpdir(), 'kms-grants-redeliver-'));
const tokenFile = join(folder, 'token');
writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 });

beforeAll(async () => {
  fixture = await startSourceFixture({
    acme: { kind: 'github-org', secrets: [PLAIN_SECRET] },
    bus: { kind: 'bearer', secrets: [PLAIN_SECRET] },
  });
});
afterAll(async () => {
  await fixture.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  gitHub = await startFakeGitHub('/orgs/acme/hooks/7', {
    url: `${fixture.service.url}/hooks/acme`,
    secret: PLAIN_SECRET,
  });
});
afterEach(() => gitHub.stop());

/** Greater than any number that JavaScript holds exactly. */
let lastId = 9_007_199_254_740_993n;

function missed(event: string, body: FakeDelivery['body'], change: Partial<FakeDelivery> = {}): FakeDelivery {
  lastId += 1n;
  const id = String(lastId);
  return { id, guid: randomUUID(), event, body, deliveredAt: '2026-11-28T10:00:00Z', statusCode: 503, ...change };
}

const memberRemoved = (id: number, change?: Partial<FakeDelivery>) =>
  missed(
    'organization',
    {
      action: 'member_removed',
      ...{ membership: { user: { login: `user-${id}`, id } }, organization: { login: 'acme', id: 1 } },
    },
    change,
  );

const run = (values: Partial<Values> = {}, gitHubToken?: string): Promise<Output> => {
  const { services } = fixture.service;
  const given = { source: 'acme', org: 'acme', hook: '7', api: gitHub.url, 'token-file': tokenFile, ...values };
  return REDELIVER.run({ ...services, config: { ...services.config, gitHubToken } }, given as Values);
};
const posts = () => gitHub.requests.filter((request) => request.startsWith('POST'));

test('without --yes, the command shows what was missed, and asks for nothing', async () => {
  const delivery = memberRemoved(1);
  gitHub.deliveries = [delivery];
  const { data, note } = await run();
  expect(data).toEqual([
    {
      delivery: delivery.guid,
      event: 'organization.member_removed',
      at: '2026-11-28T10:00:00Z',
      status: 'Invalid HTTP Response: 503',
      result: 'missed',
    },
  ]);
  expect(note).toBe(
    'Attempts that GitHub lists: 1. Events without a job here: 1. To ask GitHub for them, run the command again with --yes.',
  );
  expect(posts()).toEqual([]);
});

test('with --yes, GitHub delivers what was missed, the grants are revoked, and nothing is missed any more', async () => {
  const principal = await fixture.newMappedPrincipal('acme', '2');
  const delivery = memberRemoved(2);
  gitHub.deliveries = [delivery];
  const { data, hasFailed } = await run({ yes: 'true' });
  expect(data).toMatchObject([{ delivery: delivery.guid, result: 'asked for' }]);
  expect(hasFailed).toBe(false);
  expect(posts()).toEqual([`POST /orgs/acme/hooks/7/deliveries/${delivery.id}/attempts`]);

  const [stored] = (await fixture.service.services.store.jobs.list(100)).filter(
    ({ deliveryId }) => deliveryId === delivery.guid,
  );
  await fixture.expectRevokedBy(await fixture.endedJob(stored?.jobId ?? ''), principal);
  expect((await run({ yes: 'true' })).data).toEqual([]);
});

test('redeliver asks for each missed event once, however many attempts there were, and for none that has a job here', async () => {
  const received = memberRemoved(3, { statusCode: 504 });
  gitHub.deliveries = [received];
  await run({ yes: 'true' });
  const first = memberRemoved(4);
  gitHub.deliveries = [{ ...first, id: '5' }, received, first];
  const { data } = await run();
  expect(data).toMatchObject([{ delivery: first.guid }]);
});

test('an event that GitHub counts as delivered, but that has no job here, was missed: the database may be an older one', async () => {
  const delivery = memberRemoved(5, { statusCode: 200 });
  gitHub.deliveries = [delivery];
  expect((await run()).data).toMatchObject([{ delivery: delivery.guid, status: 'OK' }]);
});

test('redeliver does not ask for events that the source ignores', async () => {
  gitHub.deliveries = [
    missed('ping', {}),
    missed('push', {}),
    missed('organization', { action: 'member_added' }),
    missed('membership', { action: 'removed' }),
    missed('secret_scanning_alert', { action: 'created' }),
  ];
  expect((await run()).data).toMatchObject([{ event: 'secret_scanning_alert.created' }]);
});

test('redeliver reads all pages of deliveries, back to the time that --since names', async () => {
  const days = ['2026-11-29', '2026-11-28', '2026-11-27'];
  gitHub.deliveries = days.flatMap((day) =>
    Array.from({ length: 150 }, () => memberRemoved(6, { deliveredAt: `${day}T12:00:00Z` })),
  );
  expect((await run()).data).toHaveLength(450);
  expect(gitHub.requests.slice(0, 2)).toEqual([
    'GET /orgs/acme/hooks/7/deliveries?per_page=100',
    'GET /orgs/acme/hooks/7/deliveries?per_page=100&cursor=100',
  ]);
  expect(gitHub.requests).toHaveLength(5);
  expect((await run({ since: '2026-11-28T12:00:00Z' })).data).toHaveLength(300);
  expect((await run({ since: '2026-11-29' })).data).toHaveLength(150);
});

test('with --repo, the deliveries of a webhook of a repository are asked for', async () => {
  await gitHub.stop();
  const receiver = { url: `${fixture.service.url}/hooks/acme`, secret: PLAIN_SECRET };
  gitHub = await startFakeGitHub('/repos/acme/shop/hooks/7', receiver);
  gitHub.deliveries = [memberRemoved(7)];
  const { data } = await run({ org: undefined as never, repo: 'acme/shop', yes: 'true' });
  expect(data).toMatchObject([{ result: 'asked for' }]);
});

test('the token is that in GITHUB_TOKEN if no file is given', async () => {
  gitHub.deliveries = [memberRemoved(8)];
  expect((await run({ 'token-file': undefined as never }, TOKEN)).data).toHaveLength(1);
});

test.each<[string, number, Record<string, string>, string]>([
  ['refuses the token', 401, {}, 'GitHub refused the token (401). Give one that has not expired.'],
  ['has no such webhook', 404, {}, 'GitHub has no such webhook, or the token may not use it (404).'],
  ['forbids the call', 403, {}, 'GitHub has no such webhook, or the token may not use it (403).'],
  ['has moved the organisation', 301, { location: 'http://192.0.2.1/' }, 'has a new name. Give that one.'],
  ['fails', 502, {}, 'GitHub answered 502. Run the command again later.'],
  [
    'has reached the rate limit of the hour',
    403,
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1795946400' },
    "GitHub's rate limit is reached. Run the command again after 2026-11-29T10:00:00.000Z.",
  ],
  ['asks for a pause', 429, {}, "GitHub's rate limit is reached. Run the command again in a minute."],
])('if GitHub %s, the command fails and says what to do', async (_, status, headers, message) => {
  gitHub.refuseWith = { status, headers };
  await expect(run()).rejects.toThrow(message);
});

test('a list with something else than deliveries in it is refused, so that none is overlooked', async () => {
  gitHub.deliveries = [memberRemoved(14), memberRemoved(15, { deliveredAt: 'yesterday' })];
  await expect(run()).rejects.toThrow('GitHub answered with something else than a list of deliveries.');
});

test('the message about a rate limit names the time at which the pause of Retry-After ends', async () => {
  gitHub.refuseWith = { status: 403, headers: { 'retry-after': '60' } };
  const after = new Date(fixture.service.clock.nowMs + 60_000).toISOString();
  await expect(run()).rejects.toThrow(`Run the command again after ${after}.`);
});

test('if GitHub refuses one redelivery, redeliver asks for the others, and fails', async () => {
  const [gone, last] = [memberRemoved(9), memberRemoved(10)];
  gitHub.deliveries = [gone, last];
  gitHub.refuseWith = { status: 404, url: `/orgs/acme/hooks/7/deliveries/${gone.id}/attempts` };
  const { data, warnings, hasFailed } = await run({ yes: 'true' });
  expect(data).toMatchObject([{ result: 'not asked for' }, { result: 'asked for' }]);
  expect(warnings).toEqual([expect.stringContaining('(404)')]);
  expect(hasFailed).toBe(true);
});

test('after GitHub has answered that the rate limit is reached, redeliver asks for nothing more', async () => {
  const [first, second, third] = [memberRemoved(11), memberRemoved(12), memberRemoved(13)];
  gitHub.deliveries = [first, second, third];
  gitHub.refuseWith = { status: 429, url: `/orgs/acme/hooks/7/deliveries/${second.id}/attempts` };
  const { data, warnings, hasFailed } = await run({ yes: 'true' });
  expect(data).toMatchObject([{ result: 'asked for' }, { result: 'not asked for' }, { result: 'not asked for' }]);
  expect(posts()).toHaveLength(2);
  expect(warnings).toEqual([expect.stringContaining('rate limit')]);
  expect(hasFailed).toBe(true);
});

test.each<[string, Partial<Record<string, string | undefined>>, string]>([
  ['another kind of source', { source: 'bus' }, 'HOOKS has no source bus of the kind github-org'],
  ['no such source', { source: 'none' }, 'HOOKS has no source none of the kind github-org'],
  ['neither organisation nor repository', { org: undefined }, 'give either --org or --repo'],
  ['both organisation and repository', { repo: 'acme/shop' }, 'give either --org or --repo'],
  ['a path as organisation', { org: 'acme/../x' }, '--org must be the name of an organisation'],
  ['a step in a path as organisation', { org: '..' }, '--org must be the name of an organisation'],
  ['steps in a path as repository', { org: undefined, repo: '../..' }, '--repo must be owner/name'],
  ['a repository without its owner', { org: undefined, repo: 'shop' }, '--repo must be owner/name'],
  ['a webhook that is no number', { hook: '7/../8' }, '--hook must be the number of a webhook'],
  ['a time that is none', { since: 'yesterday' }, '--since must be a time'],
  ['plain HTTP to another machine', { api: 'http://github.example.com' }, '--api must be an address that begins with'],
  ['no token', { 'token-file': undefined }, 'set GITHUB_TOKEN, or give a file with the token'],
  ['a file that does not exist', { 'token-file': '/nonexistent' }, '--token-file cannot be used: ENOENT'],
])('with %s, nothing is sent', async (_, values, message) => {
  await expect(run(values as Partial<Values>)).rejects.toThrow(message);
  expect(gitHub.requests).toEqual([]);
});

test('a file with the token that other users may read is refused, without its content', async () => {
  const open = join(folder, 'open');
  writeFileSync(open, TOKEN);
  chmodSync(open, 0o644);
  const failure: Error = await run({ 'token-file': open }).then(
    () => new Error('no error'),
    (error) => error,
  );
  expect(failure.message).toContain('other users of this machine may read it');
  expect(failure.message).not.toContain(TOKEN);
});

test('the command line has no option for the token itself', async () => {
  const { code, err } = await runAdmin(['redeliver', '--source', 'acme', '--token', TOKEN], () => {
    throw new Error('not reached');
  });
  expect([code, err]).toEqual([2, expect.not.stringContaining(TOKEN)]);
});
