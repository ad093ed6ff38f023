/**
 * Also tests: local/hook/samples/, local/hook/sample-person.ts.
 * The samples of bearer, github-org, gitlab and gitguardian.
 * What the samples say is checked by the adapters, whose own tests have their expected values from the vendors.
 */
import { describe, expect, test } from '@jest/globals';
import type { Adapter } from '../../../lib/webhooks/inbound/adapter.ts';
import { bearer } from '../../../lib/webhooks/inbound/adapters/bearer.ts';
import { gitguardian } from '../../../lib/webhooks/inbound/adapters/gitguardian.ts';
import { githubOrg } from '../../../lib/webhooks/inbound/adapters/github-org.ts';
import { gitlab } from '../../../lib/webhooks/inbound/adapters/gitlab.ts';
import type { SampleSender } from '../../../local/hook/sample.ts';
import { sample as bearerSample } from '../../../local/hook/samples/bearer.ts';
import { sample as gitguardianSample } from '../../../local/hook/samples/gitguardian.ts';
import { sample as githubOrgSample } from '../../../local/hook/samples/github-org.ts';
import { sample as gitlabSample } from '../../../local/hook/samples/gitlab.ts';
import { refusalBy, requestOf, sourceFor } from '../../webhooks/inbound/adapters/request.ts';

const PLAIN = 'plain-secret-0123456789';
const SIGNING = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const NOW_MS = 1_795_329_234_567;
const ACTS = 'principal.disabled';

interface Case {
  adapter: Adapter;
  sender: SampleSender;
  entry?: Record<string, unknown>;
  secret?: string;
  person?: string;
}

/** Every event that a kind knows, set to act. */
const allActing = ({ events }: Adapter) => Object.fromEntries(Object.keys(events).map((event) => [event, ACTS]));

const CASES: [string, Case][] = [
  ['bearer', { adapter: bearer, sender: bearerSample }],
  ['bearer with a header', { adapter: bearer, sender: bearerSample, entry: { header: 'X-Api-Key' } }],
  ['github-org by id', { adapter: githubOrg, sender: githubOrgSample, entry: { events: allActing(githubOrg) } }],
  [
    'github-org by user name, in an organisation of the list',
    {
      adapter: githubOrg,
      sender: githubOrgSample,
      entry: { trust_username: true, organizations: ['example'] },
      person: 'ann-example',
    },
  ],
  [
    'gitlab with a signing token',
    { adapter: gitlab, sender: gitlabSample, secret: SIGNING, entry: { events: allActing(gitlab), groups: [100] } },
  ],
  [
    'gitlab by e-mail address',
    { adapter: gitlab, sender: gitlabSample, entry: { trust_email: true }, person: 'ann@example.com' },
  ],
  [
    'gitguardian',
    {
      adapter: gitguardian,
      sender: gitguardianSample,
      entry: { trust_email: true, events: { new_occurrence: ACTS } },
      person: 'ann@example.com',
    },
  ],
];

describe.each(CASES)('%s', (_, { adapter, sender, entry = {}, secret = PLAIN, person = '583231' }) => {
  const source = { ...sourceFor(adapter, entry), secrets: [secret] };
  const requestFor = async (event: string) => {
    const sent = await sender.request({ secret, person, event, id: 'delivery-1', source, nowMs: NOW_MS });
    return requestOf(sent.body, { method: sent.method, headers: sent.headers });
  };
  const events = [sender.defaultEvent, ...Object.keys((entry['events'] as object | undefined) ?? {})];

  test.each([...new Set(events)])('the sample of %s is signed, and revokes for the person', async (event) => {
    const request = await requestFor(event);
    expect(await refusalBy(adapter, request, [secret], NOW_MS, entry)).toBeUndefined();
    expect(adapter.read(request, source).tasks).toEqual([
      expect.objectContaining({ action: 'revoke-principal', identities: expect.arrayContaining([person]) }),
    ]);
  });

  test('an event without a sample is refused', async () => {
    await expect(requestFor('constructor')).rejects.toThrow(/^(a sample of this kind|this kind can send)/);
  });
});

test('GitGuardian has a sample of each incident, which names nobody', async () => {
  for (const event of Object.keys(gitguardian.events)) {
    const source = sourceFor(gitguardian, { events: { [event]: 'needs-person' } });
    const options = { secret: PLAIN, person: 'ann@example.com', event, id: 'x', source, nowMs: NOW_MS };
    const { body } = await gitguardianSample.request(options);
    expect(gitguardian.read(requestOf(body), source).tasks).toMatchObject([{ action: 'needs-person', type: event }]);
  }
});
