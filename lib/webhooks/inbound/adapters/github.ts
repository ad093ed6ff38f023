/**
 * GitHub secret scanning alerts: a credential of this service was found where others can read it.
 * Source: GitHub Docs, "Secret scanning partner program", "Create a secret alert service".
 */
import * as z from 'zod/mini';
import type { Task } from '../../../domain/job.ts';
import { sha256Hex } from '../../../signing/bytes.ts';
import { isSignedWith, parsePublicKey } from '../../../signing/github.ts';
import { SignatureError } from '../../../signing/signed-request.ts';
import { bodyParser } from '../../../validation/body-parser.ts';
import { field } from '../../../validation/field.ts';
import { parseList } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { personTask, tasksOfEach } from '../event-tasks.ts';
import { gitHubKeyLists } from '../github-key-lists.ts';
import { isKeyListUrl } from '../key-lists.ts';
import { acts, type Source } from '../source.ts';

const KEY_IDENTIFIER_PATTERN = /^[\w-]{1,128}$/;
const ACCESS_KEY_PATTERN = /^[A-Z0-9]{20}$/;

const parseMatch = bodyParser({
  token: field(z.string().check(z.minLength(1)), { code: 'KMS.0308', detail: 'token must be a string, not empty.' }),
});
const publicKeyOf = gitHubKeyLists();

/** The name of the event that a credential was found. GitHub sends no other event to this endpoint. */
const SECRET_FOUND = 'secret.found';

export const github: Adapter = {
  events: { [SECRET_FOUND]: acts('principal.disabled') },
  secretProblem(secret) {
    return isKeyListUrl(secret) || parsePublicKey(secret)
      ? undefined
      : 'must be a P-256 public key as PEM or base64, or the https:// URL of a list of public keys';
  },
  async verify({ headers, body }, { secrets }, nowMs) {
    const keyIdentifier = headers['github-public-key-identifier'];
    const signature = headers['github-public-key-signature'];
    if (!keyIdentifier || !signature) throw new SignatureError('missing signature header');
    if (!KEY_IDENTIFIER_PATTERN.test(keyIdentifier)) throw new SignatureError('malformed key identifier');
    // Configured keys first, so that a valid signature needs no list, which may be unavailable.
    const keys = secrets.filter((secret) => !isKeyListUrl(secret)).map(parsePublicKey);
    if (keys.some((key) => key && isSignedWith(key, body, signature))) return;
    for (const url of secrets.filter(isKeyListUrl)) {
      const key = await publicKeyOf(url, keyIdentifier, nowMs);
      if (key && isSignedWith(key, body, signature)) return;
    }
    throw new SignatureError('wrong signature or unknown key');
  },
  read({ body }, source) {
    const tasks = tasksOfEach('The body', parseList(body), (match) => [taskOf(source, match)]);
    return { deliveryId: sha256Hex(body), tasks };
  },
};

/** The credential itself must not be stored with the job. */
function taskOf(source: Source, match: Record<string, unknown>): Task {
  const { token } = parseMatch(match);
  const fingerprint = `sha256:${sha256Hex(token)}`;
  // An access key is the public half of its pair: it names its owner and is not secret.
  const identities = ACCESS_KEY_PATTERN.test(token) ? [`access-key:${token}`, fingerprint] : [fingerprint];
  const type = typeof match['type'] === 'string' ? match['type'] : 'unknown type';
  return personTask(source, SECRET_FOUND, { identities }, `github secret scanning: ${type}`);
}
