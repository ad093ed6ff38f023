/**
 * The signature of a press of a Mattermost button. Mattermost does not sign what it sends. But it hides the context of
 * a button from its users, and brings it back unchanged: so the context holds a signature of this service.
 * Source: Mattermost Developers, "Interactive messages", "Integration actions".
 */
import { hmacSha256Hex, isEqualConstantTime } from './bytes.ts';
import { SignatureError } from './signed-request.ts';

/** A button, in the fields that its context holds. */
export interface PressContext {
  request_id: string;
  button: string;
  channel_id: string;
  team_id: string;
  /** Who sees the message with the button: `asker` or `channel`. */
  audience: string;
  /** ms since 1970; after that, a press of the button is refused */
  expires_at_ms: number;
  /** Where to answer until `reply_url_expires_at_ms`; both are empty where there is no such address. */
  reply_url: string;
  reply_url_expires_at_ms: number;
}

const FIELDS = [
  'request_id',
  'button',
  'channel_id',
  'team_id',
  'audience',
  'expires_at_ms',
  'reply_url',
  'reply_url_expires_at_ms',
] as const satisfies (keyof PressContext)[];

/**
 * @param source the name of the source, so that a button of one source is none of another with the same secret
 * @param secret the setting `press_secret`
 */
export function signPress(context: PressContext, source: string, secret: string): PressContext & { signature: string } {
  return { ...context, signature: signatureOf(context, source, secret) };
}

/**
 * Verifies the context of a press before anything of it is used.
 * @param context as received
 * @param nowMs ms since 1970
 * @throws SignatureError
 */
export function verifyPress(context: object, source: string, secret: string, nowMs: number): PressContext {
  const { signature } = context as { signature?: unknown };
  if (typeof signature !== 'string') throw new SignatureError('the context of the press has no signature');
  if (!isEqualConstantTime(signature, signatureOf(context, source, secret)))
    throw new SignatureError('wrong signature of the context of the press');
  const verified = context as PressContext;
  if (nowMs >= verified.expires_at_ms) throw new SignatureError('the button that was pressed has expired');
  return verified;
}

/** Of JSON, which has one reading only: no two contexts have the same text. */
function signatureOf(context: object, source: string, secret: string): string {
  const fields = context as Readonly<Record<string, unknown>>;
  return hmacSha256Hex(secret, JSON.stringify(['mattermost press', source, ...FIELDS.map((name) => fields[name])]));
}
