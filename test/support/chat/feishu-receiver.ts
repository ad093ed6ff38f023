/** Verifies and reads what the fake of Feishu sends. */
import type { Incoming, ReceivedCommand } from '../../../lib/chat/platform.ts';
import type { FeishuSettings } from '../../../lib/chat/platforms/feishu/settings.ts';
import { feishuPlatform } from '../../../lib/chat/platforms/feishu.ts';
import { KmsError } from '../../../lib/errors.ts';
import { type SignableRequest, SignatureError } from '../../../lib/signing/signed-request.ts';
import { fakeFeishu } from './fake-feishu.ts';
import { APP, eventOf } from './feishu-requests.ts';
import { ANN, BOB, feishuSource, GROUP, REQUEST_ID } from './feishu-source.ts';

export function feishuReceiver(nowMs: number) {
  const feishu = fakeFeishu({ now: () => nowMs, groups: { [GROUP]: [ANN, BOB] } });
  const platform = feishuPlatform({ send: feishu.send, now: () => nowMs });

  function receive(
    request: SignableRequest,
    settings: Partial<FeishuSettings> = {},
    secrets: readonly string[] = [APP.encryptKey],
  ) {
    const source = { ...feishuSource(settings), secrets };
    const { deliveryId } = platform.verify(request, source, nowMs);
    return { deliveryId, incoming: platform.read(request, source, nowMs) };
  }

  const read = (event: object, settings: Partial<FeishuSettings> = {}): Incoming =>
    receive(feishu.requestOf(event), settings).incoming;

  const textOf = (event: object, settings: Partial<FeishuSettings> = {}) =>
    (read(event, settings) as ReceivedCommand).text;

  return { feishu, platform, receive, read, textOf };
}

/** @returns the message of the error, for a KmsError its code and detail; undefined if there is none */
export function refusalOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof KmsError) return `${error.code} ${error.message.split('. ').at(-1)}`;
    if (!(error instanceof SignatureError)) throw error;
    return error.message;
  }
}

/** The event of a press of "confirm" on the card om_card in the group. */
export function pressOf(changes: object) {
  return eventOf(
    'card.action.trigger',
    {
      operator: { open_id: ANN, union_id: 'on_1', tenant_key: APP.tenant },
      token: 'c-295ee57216a5dc9de90fefd0aadb4b1d7d',
      action: { tag: 'button', timezone: 'Asia/Shanghai', value: { button: 'confirm', request: REQUEST_ID } },
      host: 'im_message',
      context: { open_message_id: 'om_card', open_chat_id: GROUP },
      ...changes,
    },
    { event_id: 'event-1' },
  );
}
