/** A sample of the kind `scim`: the identity provider deactivates or deletes a user. */
import type { SampleSender } from '../sample.ts';

export const sample: SampleSender = {
  signsWithPrivateKey: false,
  defaultEvent: 'user.deactivated',
  /** @param options.person the id of a provisioned user, or an id that has a mapping */
  request({ secret, person, event }) {
    if (event !== 'user.deactivated' && event !== 'user.deleted') {
      throw new Error('a sample of this kind must be user.deactivated or user.deleted');
    }
    const isDeletion = event === 'user.deleted';
    const patch = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    };
    return {
      method: isDeletion ? 'DELETE' : 'PATCH',
      path: `/Users/${encodeURIComponent(person)}`,
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/scim+json' },
      body: isDeletion ? '' : JSON.stringify(patch),
    };
  },
};
