/** The call that confirms a subscription of this service to a topic. The sender asks for it by the URL in a message. */
import { get } from '../../clients/get.ts';
import { KmsError } from '../../errors.ts';

/** The time limit of the call. It is below the 5 seconds in which SMN wants an answer to its message. */
const TIMEOUT_MS = 3_000;
const RESPONSE_BYTES_MAX = 64 * 1024;

/** An entry of `confirm_hosts`: a host, or, for tests without TLS, an address of this machine with a port. */
const CONFIRM_HOST = /^(?:[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}|127\.0\.0\.1:\d{1,5})$/;
const LOOPBACK = '127.0.0.1';

export const isConfirmHost = (text: string): boolean => CONFIRM_HOST.test(text) && text !== LOOPBACK;

/** The form that the URL in a message must have. The service calls no other URL. */
export interface ConfirmRule {
  /** Whether the service of the sender has this host. */
  isHost(host: string): boolean;
  /** Hosts that the settings of the source allow in addition. */
  extraHosts: readonly string[];
  path: string;
  /** Parameters that the query must have once, with these values. It may have others. */
  query: Readonly<Record<string, string>>;
}

/**
 * Confirms the subscription. It follows no redirect, and calls only a host that the rule allows.
 * @throws KmsError KMS.0104, with a 5xx status so that the sender repeats the message, when nothing was confirmed
 */
export async function confirmSubscription(text: string, rule: ConfirmRule): Promise<void> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const problem = url ? problemOf(url, rule) : 'the URL is malformed';
  if (!url || problem) {
    throw new KmsError('KMS.0104', {
      detail: 'The subscription was not confirmed, because the URL in the message is not allowed. Check confirm_hosts.',
      cause: problem,
    });
  }
  const status = await statusOf(url);
  if (status < 200 || status > 299) throw notConfirmed(`status ${status}`);
}

/** The host is one of a list, and has proved itself by TLS, so its address need not be checked. */
async function statusOf(url: URL): Promise<number> {
  try {
    const { status } = await get(url.href, {
      headers: { 'user-agent': 'kms-grants' },
      timeoutMs: TIMEOUT_MS,
      bytesMax: RESPONSE_BYTES_MAX,
    });
    return status;
  } catch (error) {
    throw notConfirmed(error);
  }
}

const notConfirmed = (cause: unknown) =>
  new KmsError('KMS.0104', {
    detail: 'The subscription was not confirmed. Send the message again later.',
    cause,
  });

/** Says nothing of the URL but its host, because the query has the token of the subscription. */
function problemOf(url: URL, { isHost, extraHosts, path, query }: ConfirmRule): string | undefined {
  const isLocal = url.protocol === 'http:' && url.hostname === LOOPBACK && extraHosts.includes(url.host);
  if (!isLocal && (url.protocol !== 'https:' || url.port !== '')) return 'the URL is not https on port 443';
  if (url.username !== '' || url.password !== '' || url.hash !== '') return 'the URL has a user or a fragment';
  if (!isHost(url.host) && !extraHosts.includes(url.host)) {
    return `the host ${url.host.slice(0, 100)} is neither one of the service nor in confirm_hosts`;
  }
  if (url.pathname !== path) return 'the path is not that of a confirmation';
  const isWrong = Object.entries(query).some(([name, value]) => {
    const values = url.searchParams.getAll(name);
    return values.length !== 1 || values[0] !== value;
  });
  return isWrong ? 'the query is not that of the signed message' : undefined;
}
