/** The certificates with which SNS signs, fetched from the URL in a message. */
import { getText } from '../../clients/get.ts';
import { KmsError } from '../../errors.ts';
import type { VerificationKey } from '../../signing/notification-message.ts';
import { parseVerificationKey } from '../../signing/verification-key.ts';
import { fetchedValues } from './fetched-values.ts';

const TIMEOUT_MS = 5_000;
const CERTIFICATE_BYTES_MAX = 16 * 1024;
const MAX_AGE_MS = 24 * 60 * 60 * 1000;
const STALE_AGE_MS = 7 * MAX_AGE_MS;
const INTERVAL_MS = 60_000;
/** SNS has one certificate for each region, and replaces it now and then. */
const CERTIFICATES_MAX = 50;
/** The last part of the URL is not signed, so a client could name any. */
const NEW_CERTIFICATES_MAX = 10;

/** Returns the text at a URL. @throws Error when there is none */
export type FetchText = (url: string) => Promise<string>;

const fetchFromSns: FetchText = (url) =>
  getText(url, { headers: { 'user-agent': 'kms-grants' }, timeoutMs: TIMEOUT_MS, bytesMax: CERTIFICATE_BYTES_MAX });

/**
 * Returns a function that returns the certificate at a URL of SNS, which the caller has checked.
 * It throws KmsError KMS.0104 if the certificate is neither cached nor can be fetched now.
 */
export function snsCertificates(fetchText: FetchText = fetchFromSns) {
  const certificateAt = fetchedValues(async (url) => certificateIn(await fetchText(url)), {
    maxAgeMs: MAX_AGE_MS,
    staleAgeMs: STALE_AGE_MS,
    intervalMs: INTERVAL_MS,
    urlsMax: CERTIFICATES_MAX,
    newUrlsMax: NEW_CERTIFICATES_MAX,
  });
  return async (url: string, nowMs: number): Promise<VerificationKey> => {
    const unavailable = (cause: unknown) =>
      new KmsError('KMS.0104', {
        detail: 'The certificate of the message cannot be fetched now. Send the message again later.',
        cause,
        retryAfterSeconds: INTERVAL_MS / 1000,
      });
    try {
      const { value } = await certificateAt(url, nowMs);
      if (value) return value;
    } catch (error) {
      throw unavailable(error);
    }
    throw unavailable('no further request for certificates is allowed now');
  };
}

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

/** Returns the first certificate: those of its issuers may follow. @throws Error */
function certificateIn(text: string): VerificationKey {
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  const certificate = start < 0 || end < start ? undefined : parseVerificationKey(text.slice(start, end + END.length));
  if (!certificate) throw new Error('not a certificate');
  return certificate;
}
