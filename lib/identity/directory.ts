import { randomBytes } from 'node:crypto';
import type { AccessKey } from '../domain/directory.ts';
import { IAM_ID_PATTERN } from '../domain/ids.ts';
import type { Caller } from '../domain/request-context.ts';
import { KmsError } from '../errors.ts';
import { sha256Hex } from '../signing/bytes.ts';
import { ALGORITHM, parseAuthorization, verifySignature } from '../signing/sdk-hmac.ts';
import { type SignableRequest, SignatureError, UnknownFormError } from '../signing/signed-request.ts';
import type { DirectoryStore } from '../store/store.ts';
import type { Authenticator } from './authenticator.ts';
import type { RootKeys } from './root-keys.ts';
import { seal, unseal } from './seal.ts';

interface DirectorySettings {
  rootKeys: RootKeys;
  now: () => number;
}

/**
 * Identifies callers by the embedded directory, with X-Auth-Token or an AK/SK signature. Nothing is cached, so a
 * disabled user or access key is refused from the next request on.
 */
export function directoryAuthenticator(store: DirectoryStore, { rootKeys, now }: DirectorySettings): Authenticator {
  let unknownKey: Pick<AccessKey, 'accessKey' | 'sealedSecret'> | undefined;

  return {
    async authenticate(request, projectId) {
      const { authorization, 'x-auth-token': token } = request.headers;
      if (authorization !== undefined && token !== undefined) {
        throw refused('Send either X-Auth-Token or Authorization, not both.');
      }
      if (token) return byToken(token);
      if (authorization) return byAccessKey(request, authorization, projectId);
      throw refused(`Send X-Auth-Token, or sign the request with ${ALGORITHM}.`);
    },
  };

  async function byToken(value: string): Promise<Caller> {
    const session = await store.session(sha256Hex(value));
    if (!session?.user.enabled) throw refused('The token is not valid.');
    const { token, user, roles } = session;
    if (token.expiresAtMs <= now()) throw refused('The token has expired; get a new one.');
    return { userId: user.userId, domainId: user.domainId, projectId: token.projectId, roles };
  }

  async function byAccessKey(request: SignableRequest, header: string, projectId: string | undefined): Promise<Caller> {
    try {
      const authorization = parseAuthorization(header);
      const key = await store.accessKey(authorization.accessKey);
      const user = await store.user(key?.userId ?? 'unknown');
      const keys = await rootKeys();
      // The steps for an unknown access key are the same, so that the response time does not reveal that it is unknown.
      unknownKey ??= sealUnknownKey(keys[0] as Uint8Array);
      const { sealedSecret, accessKey } = key ?? unknownKey;
      const secretKey = unseal(keys, sealedSecret, accessKey);
      verifySignature(request, authorization, secretKey, now());
      if (!key?.enabled || !user?.enabled) throw new SignatureError('unknown or disabled access key');
      const roles = isProjectId(projectId) ? await store.rolesOf(user.userId, projectId) : [];
      return {
        userId: user.userId,
        domainId: user.domainId,
        projectId: roles.length > 0 ? projectId : undefined,
        roles,
        signature: authorization.signature,
      };
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      if (error instanceof UnknownFormError) throw refused(unknownForm(header), error);
      throw refused(
        'The AK/SK signature is not valid: check the keys, the clock and that nothing changed the request.',
        error,
      );
    }
  }
}

/** Used for the checks of an unknown access key. Its secret key is random, and as long as all others. */
function sealUnknownKey(rootKey: Uint8Array): Pick<AccessKey, 'accessKey' | 'sealedSecret'> {
  const accessKey = 'unknown';
  return { accessKey, sealedSecret: seal(rootKey, randomBytes(20).toString('hex'), accessKey) };
}

/** Schemes that clients send and that this service does not verify. Source: the vendor's SDKs, RFC 7617, RFC 6750. */
const OTHER_SCHEMES = [
  'V11-HMAC-SHA256',
  'SDK-HMAC-SM3',
  'SDK-ECDSA-P256-SHA256',
  'SDK-SM2-SM3',
  'AWS4-HMAC-SHA256',
  'Basic',
  'Bearer',
];

/** Names the form of the header, if it is a known one, and the forms that are accepted. */
function unknownForm(header: string): string {
  const scheme = header.split(' ', 1)[0]?.toLowerCase();
  const name = [ALGORITHM, ...OTHER_SCHEMES].find((known) => known.toLowerCase() === scheme);
  const what = name === ALGORITHM ? `This form of ${ALGORITHM}` : (name ?? 'This form of the Authorization header');
  return (
    `${what} is not supported. Send X-Auth-Token, or sign the request as "${ALGORITHM} Access=<AK>, SignedHeaders=<names>, ` +
    `Signature=<hex>" or "${ALGORITHM} Credential=<AK>/<day>/<region>/<service>/sdk_request, SignedHeaders=<names>, Signature=<hex>".`
  );
}

/** The project id of a URL is not validated before. */
function isProjectId(projectId: string | undefined): projectId is string {
  return projectId !== undefined && IAM_ID_PATTERN.test(projectId);
}

function refused(detail: string, cause?: unknown): KmsError {
  return new KmsError('APIGW.0301', { detail, cause });
}
