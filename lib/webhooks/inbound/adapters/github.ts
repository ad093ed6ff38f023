/**
 * GitHub's secret scanning alerts: a secret of ours was found where others can read it.
 * Source: GitHub Docs, "Secret scanning partner program", "Create a secret alert service".
 */
import * as z from 'zod/mini';
import type { Task } from '../../../domain/job.ts';
import { sha256Hex } from '../../../signing/bytes.ts';
import { isSignedWith, parsePublicKey } from '../../../signing/github.ts';
import { SignatureError } from '../../../signing/signed-request.ts';
import { bodyParser } from '../../../validation/fields.ts';
import { parseList } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { objects, reasonOf, type } from '../event-fields.ts';
import { cachedKeyLists, isKeyListUrl } from '../github-key-lists.ts';

const IDENTIFIER = /^[\w-]{1,128}$/;
const ACCESS_KEY = /^[A-Z0-9]{20}$/;

const matchesOf = bodyParser({ matches: objects('The body') });
const matchOf = bodyParser({
  token: type('token').check(z.minLength(1, 'KMS.0308 token must not be empty.')),
  type: type('type'),
});
const keyIn = cachedKeyLists();

export const github: Adapter = {
  secretProblem(secret) {
    return isKeyListUrl(secret) || parsePublicKey(secret)
      ? undefined
      : 'must be a P-256 public key as PEM or base64, or the https:// address of a list of keys';
  },
  async verify({ headers, body }, secrets, nowMs) {
    const identifier = headers['github-public-key-identifier'];
    const signature = headers['github-public-key-signature'];
    if (!identifier || !signature) throw new SignatureError('a header of the signature is missing');
    if (!IDENTIFIER.test(identifier)) throw new SignatureError('malformed key identifier');
    // The keys that are at hand first: no list need be asked for, or be there, when one of them is good.
    const [listUrls, keys] = [secrets.filter(isKeyListUrl), secrets.filter((secret) => !isKeyListUrl(secret))];
    if (keys.map(parsePublicKey).some((key) => key && isSignedWith(key, body, signature))) return;
    for (const url of listUrls) {
      const key = await keyIn(url, identifier, nowMs);
      if (key && isSignedWith(key, body, signature)) return;
    }
    throw new SignatureError('wrong signature, or a key that is not known');
  },
  read({ body }) {
    const { matches } = matchesOf({ matches: parseList(body) });
    // One secret is often found in several places.
    const tasks = new Map(matches.map((match) => taskOf(match)));
    return { deliveryId: sha256Hex(body), tasks: [...tasks.values()] };
  },
};

/** By what is kept of a secret: never the secret itself, which is as good as a password to whoever reads it. */
function taskOf(match: Record<string, unknown>): [string, Task] {
  const { token, type } = matchOf(match);
  const fingerprint = `sha256:${sha256Hex(token)}`;
  // The public half of a pair of keys. It names its owner and opens nothing.
  const identities = ACCESS_KEY.test(token) ? [`access-key:${token}`, fingerprint] : [fingerprint];
  const reason = reasonOf(`github secret scanning: ${type}`);
  return [fingerprint, { action: 'revoke-principal', type: 'principal.disabled', identities, reason }];
}
