/** A sample of a SCIM client that deactivates or deletes a user. Source: RFC 7644, sections 3.5.2 and 3.6. */
import { forEvent, type SampleRequest, type SampleSender } from '../sample.ts';

const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const DEACTIVATION = { schemas: [PATCH_SCHEMA], Operations: [{ op: 'replace', path: 'active', value: false }] };

const REQUESTS: Readonly<Record<string, Pick<SampleRequest, 'method' | 'body'>>> = {
  'user.deactivated': { method: 'PATCH', body: JSON.stringify(DEACTIVATION) },
  'user.deleted': { method: 'DELETE', body: '' },
};

export const sample: SampleSender = {
  signsWithPrivateKey: false,
  defaultEvent: 'user.deactivated',
  request({ secret, person, event }) {
    const request = forEvent(REQUESTS, event);
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/scim+json' };
    return { ...request, path: `/Users/${encodeURIComponent(person)}`, headers };
  },
};
