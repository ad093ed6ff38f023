/** Samples of the kind `github-org`: the fields of GitHub's payloads that this service reads, and some beside them. */
import { hmacSha256Hex } from '../../../lib/signing/bytes.ts';
import { forEvent, type SampleSender } from '../sample.ts';
import { namesOf } from '../sample-person.ts';

const ORGANIZATION = { login: 'acme', id: 1 };
const REPOSITORY = { id: 1, name: 'shop', full_name: 'acme/shop', private: true };
const ALERT = { number: 1, secret_type: 'sample_key', html_url: 'https://github.com/acme/shop/security' };

/** By event: the payload about a user, without what all payloads have. */
const PAYLOADS: Readonly<Record<string, (user: object) => object>> = {
  'organization.member_removed': (user) => ({ membership: { role: 'unaffiliated', state: 'inactive', user } }),
  'membership.removed': (member) => ({ scope: 'team', member, team: { id: 1, slug: 'ops' } }),
  'member.removed': (member) => ({ member, repository: REPOSITORY }),
  'secret_scanning_alert.created': alertBy,
  'secret_scanning_alert.publicly_leaked': alertBy,
  'secret_scanning_alert.reopened': alertBy,
  'secret_scanning_alert.validated': alertBy,
};

function alertBy(user: object): object {
  const alert = { ...ALERT, push_protection_bypassed: true, push_protection_bypassed_by: user };
  return { alert, repository: REPOSITORY };
}

export const sample: SampleSender = {
  signsWithPrivateKey: false,
  defaultEvent: 'organization.member_removed',
  request({ secret, person, event, id, source }) {
    const payloadOf = forEvent(PAYLOADS, event);
    const { organizations: [login = ORGANIZATION.login] = [] } = source.settings as { organizations?: string[] };
    const { username, ...names } = namesOf(person);
    const [name = '', action] = event.split('.');
    const organization = { ...ORGANIZATION, login };
    const sender = { login: 'acme-admin', id: 2 };
    const body = JSON.stringify({ action, ...payloadOf({ login: username, ...names }), organization, sender });
    return {
      method: 'POST',
      path: '',
      headers: {
        'content-type': 'application/json',
        'x-github-event': name,
        'x-github-delivery': id,
        'x-hub-signature-256': `sha256=${hmacSha256Hex(secret, body)}`,
      },
      body,
    };
  },
};
