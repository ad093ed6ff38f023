/** The bodies of Slack's requests, and their signature. Sources: docs.slack.dev, the pages named in fake-slack.ts. */
import { createHmac } from 'node:crypto';

interface From {
  app: string;
  team: string;
  enterprise?: string | undefined;
  channel: string;
  user: string;
  replyUrl: string;
}

type Json = Readonly<Record<string, unknown>>;

/** @param more fields that replace or complete the usual ones */
export function commandBody(from: From & { text: string }, more: Record<string, string>): string {
  const { app, team, enterprise, channel, user, text, replyUrl } = from;
  const fields = {
    token: 'deprecated',
    team_id: team,
    team_domain: 'example',
    ...(enterprise && { enterprise_id: enterprise, enterprise_name: 'Example' }),
    channel_id: channel,
    channel_name: 'incidents',
    user_id: user,
    user_name: 'somebody',
    command: '/grants',
    text,
    api_app_id: app,
    is_enterprise_install: 'false',
    response_url: replyUrl,
    trigger_id: '13345224609.738474920.8088930838d88f008e0',
    ...more,
  };
  return new URLSearchParams(fields).toString();
}

/** @param more fields that replace or complete the usual ones */
export function pressBody(from: From & { ts: string; isEphemeral: boolean; button: Json }, more: Json): string {
  const { app, team, enterprise, channel, user, ts, isEphemeral, replyUrl } = from;
  const { action_id, block_id, value } = from.button;
  const payload = {
    type: 'block_actions',
    user: { id: user, username: 'somebody', name: 'somebody', team_id: team },
    api_app_id: app,
    token: 'deprecated',
    container: { type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: isEphemeral },
    trigger_id: '12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3',
    team: { id: team, domain: 'example' },
    enterprise: enterprise ? { id: enterprise, name: 'Example' } : null,
    is_enterprise_install: false,
    channel: { id: channel, name: 'incidents' },
    state: { values: {} },
    response_url: replyUrl,
    actions: [{ action_id, block_id, value, type: 'button', action_ts: '1548426417.840180' }],
    ...more,
  };
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
}

/** A request with the signature v0, made without the code under test. @param atMs ms since 1970 */
export function signedRequest(body: string | Buffer, secret: string, atMs: number) {
  const bytes = Buffer.from(body);
  const timestamp = String(Math.floor(atMs / 1000));
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(bytes).digest('hex');
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${signature}`,
  };
  return { method: 'POST', path: '/hooks/slack', query: '', headers, body: bytes };
}
