/** A sample of a GitHub secret scanning alert. Source: GitHub Docs, "Secret scanning partner program". */
import { sign } from 'node:crypto';
import type { SampleSender } from '../sample.ts';

export const sample: SampleSender = {
  signsWithPrivateKey: true,
  keyType: 'P-256',
  defaultEvent: 'secret.found',
  request({ secret: privateKey, person: token, event }) {
    if (event !== 'secret.found') throw new Error('this kind has one event: secret.found');
    const match = { token, type: 'sample', url: 'https://example.com/', source: 'content' };
    const body = JSON.stringify([match]);
    const headers = {
      'content-type': 'application/json',
      'github-public-key-identifier': 'sample',
      'github-public-key-signature': sign('sha256', Buffer.from(body), privateKey).toString('base64'),
    };
    return { method: 'POST', path: '', headers, body };
  },
};
