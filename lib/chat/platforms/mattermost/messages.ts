/** What Mattermost shows: text in Markdown, and buttons in an attachment. */
import { type PressContext, signPress } from '../../../signing/mattermost.ts';
import type { ReceivedCommand, ReceivedPress } from '../../platform.ts';
import { viewMarkdown } from '../../rendering/markdown.ts';
import type { Message, View } from '../../view.ts';
import type { MattermostSource } from './settings.ts';

/** Source: model.PostMessageMaxRunesV2 is 16383. */
const MESSAGE_CHARACTERS_MAX = 16_000;

const TONE_COLORS: Record<View['tone'], string> = {
  neutral: '#2389d7',
  good: '#2e8540',
  warning: '#e0a100',
  bad: '#c0392b',
};

/** Where a message goes, as far as its buttons need it. */
type Target = Pick<ReceivedCommand, 'place' | 'locale'>;

export function commandReply(
  messages: readonly Message[],
  incoming: ReceivedCommand,
  source: MattermostSource,
): object {
  const [first = {}, ...more] = messages.map((message) => responseOf(message, incoming, source));
  return more.length > 0 ? { ...first, extra_responses: more } : first;
}

/**
 * The answer to a press can change the pressed message, but only one that the channel sees: Mattermost does not store
 * those for one person and fails the whole answer. Everything else for the presser is text that only the presser sees.
 */
export function pressReply(messages: readonly Message[], incoming: ReceivedPress, source: MattermostSource) {
  const { place, locale } = incoming;
  const isPublicCard = place.extra?.['audience'] === 'channel';
  const isUpdate = (message: Message) => isPublicCard && message.replacesCard && message.audience === 'channel';
  const isForChannel = (message: Message) => message.audience === 'channel' && !isUpdate(message);
  const update = messages.find(isUpdate);
  const rest = place.replyUrl === undefined ? [] : messages.filter(isForChannel);
  const texts = messages
    .filter((message) => message !== update)
    // The presser reads the rest in the channel.
    .map((message) => (rest.includes(message) ? titleOf(message.view) : message.view))
    .map((view) => viewMarkdown(view, locale, MESSAGE_CHARACTERS_MAX / messages.length));
  const reply = {
    // Without `props`, Mattermost keeps the old ones, and with them the buttons.
    ...(update && {
      update: {
        message: viewMarkdown(update.view, locale, MESSAGE_CHARACTERS_MAX),
        props: { attachments: attachmentsOf(update, incoming, source) },
      },
    }),
    ...(texts.length > 0 && { ephemeral_text: texts.join('\n\n') }),
    skip_slack_parsing: true,
  };
  return { reply, rest };
}

const titleOf = (view: View): View => ({ ...view, sentences: [], facts: [], rows: [], moreRows: 0 });

export function responseOf(message: Message, target: Target, source: MattermostSource): object {
  return {
    response_type: message.audience === 'channel' ? 'in_channel' : 'ephemeral',
    text: viewMarkdown(message.view, target.locale, MESSAGE_CHARACTERS_MAX),
    attachments: attachmentsOf(message, target, source),
    // Else Mattermost reads <!channel> and <@id> as Slack does.
    skip_slack_parsing: true,
  };
}

/** Buttons can only be in an attachment. */
function attachmentsOf({ view, audience }: Message, { place }: Target, source: MattermostSource): object[] {
  const { buttons, tone } = view;
  if (buttons.length === 0) return [];
  const { name: sourceName, settings } = source;
  const actions = buttons.map(({ name, label, style, requestId }) => {
    const context: PressContext = {
      request_id: requestId,
      button: name,
      channel_id: place.channelId,
      team_id: place.extra?.['team'] ?? '',
      audience,
      expires_at_ms: Number(place.extra?.['buttonsUntilMs'] ?? 0),
      reply_url: place.replyUrl ?? '',
      reply_url_expires_at_ms: place.replyUrl === undefined ? 0 : (place.replyUrlExpiresAtMs ?? 0),
    };
    return {
      id: name,
      name: label,
      type: 'button',
      style,
      integration: {
        url: `${settings.public_url}/hooks/${sourceName}`,
        context: signPress(context, sourceName, settings.press_secret),
      },
    };
  });
  return [{ fallback: buttons.map(({ label }) => label).join(', '), color: TONE_COLORS[tone], actions }];
}
