/**
 * Shows a message where a person or a channel sees it. There are two ways:
 * - the `response_url` of the request: without a token, in every channel, for 30 minutes and 5 posts;
 * - the Web API with the app's token: at any time, but only in channels that the app is in.
 */
import { NetworkError } from '../../../clients/network-error.ts';
import { logger } from '../../../logger.ts';
import type { Place } from '../../platform.ts';
import type { ChatSource } from '../../source.ts';
import { DELIVERY_MS } from '../../time-limits.ts';
import type { Message } from '../../view.ts';
import { type Rendered, render, renderTitle } from './blocks.ts';
import { knownApiOrigin, replyUrlCounter } from './reply-url.ts';
import type { SlackSettings } from './settings.ts';
import { callWebApi, postReply, type Send, SlackRefusal } from './web-api.ts';

interface ReplyTarget {
  via: 'response_url';
  response_type: 'ephemeral' | 'in_channel';
  replace_original: boolean;
}

interface WebApiTarget {
  via: 'chat.postMessage' | 'chat.update';
  channel: string;
  ts?: string | undefined;
}

type Target = ReplyTarget | WebApiTarget;

/** The card at the place: only one person sees an ephemeral one, and it cannot become one for the channel. */
function cardAt({ messageId, extra }: Place): 'none' | 'private' | 'public' {
  if (extra?.['isEphemeral'] === 'true') return 'private';
  return messageId === undefined ? 'none' : 'public';
}

const reply = (response_type: ReplyTarget['response_type'], replace_original: boolean): ReplyTarget => ({
  via: 'response_url',
  response_type,
  replace_original,
});

/** Returns the targets to try, in this order, until one takes the message. */
function targetsOf({ audience, replacesCard }: Message, place: Place): Target[] {
  const { channelId: channel, messageId: ts, extra } = place;
  const card = cardAt(place);
  if (audience === 'asker') {
    const inChannel = reply('ephemeral', replacesCard && card === 'private');
    // A direct message: the channel is the person. Source: Slack, "chat.postMessage", "Channels".
    const direct = extra?.['userId'];
    return direct ? [inChannel, { via: 'chat.postMessage', channel: direct }] : [inChannel];
  }
  if (replacesCard && card === 'public') return [reply('in_channel', true), { via: 'chat.update', channel, ts }];
  // First with the token: only then is it known which message the card is, so that it can change when it expires.
  return [{ via: 'chat.postMessage', channel }, reply('in_channel', false)];
}

export function slackDelivery({
  send,
  now,
  newNonce,
}: {
  send: Send;
  /** ms since 1970 */
  now: () => number;
  newNonce: () => string;
}) {
  const replyUrls = replyUrlCounter(now);

  /** @returns where the message is now */
  async function show(target: Target, content: Rendered, place: Place, token: string | undefined, timeoutMs: number) {
    if (target.via === 'response_url') {
      const { via, ...options } = target;
      const taken = replyUrls.take(place);
      if (!taken) throw new SlackRefusal(via, 'expired, or used 5 times', false);
      await postReply(send, taken.replyUrl, { ...options, ...content }, timeoutMs);
      return target.replace_original ? taken : withoutCard(taken);
    }
    const { via, ...options } = target;
    if (!token) throw new SlackRefusal(via, 'there is no bot_token', false);
    const api = { send, origin: knownApiOrigin(place.extra?.['api']), token };
    const { channel, ts } = await callWebApi(api, via, { ...options, ...content }, timeoutMs);
    return via === 'chat.update' ? place : placeOfNewMessage(place, String(channel), String(ts));
  }

  return async function deliver(
    message: Message,
    place: Place,
    { name, settings }: Pick<ChatSource<SlackSettings>, 'name' | 'settings'>,
  ): Promise<Place | undefined> {
    const deadlineMs = performance.now() + DELIVERY_MS;
    const token = settings.bot_token?.trim();
    const showAt = (target: Target, content: Rendered) =>
      show(target, content, place, token, Math.max(1, deadlineMs - performance.now()));
    const warn = (error: unknown) => logger.warn('chat', { source: name, cause: (error as Error).message });

    async function showAtFirstOf(targets: readonly Target[]): Promise<Place | undefined> {
      let isTemporary = false;
      for (const target of targets) {
        try {
          return await showAt(target, render(message.view, newNonce()));
        } catch (error) {
          // It may be shown although no answer came, so another way could show it twice.
          if (!isRefused(error)) throw error;
          warn(error);
          isTemporary ||= !(error instanceof SlackRefusal) || error.isTemporary;
        }
      }
      if (isTemporary) throw new Error('Slack did not take the message. It may do so later.');
      return undefined;
    }

    const targets = targetsOf(message, place).filter(({ via }) =>
      via === 'response_url' ? replyUrls.isOpen(place) : token,
    );
    const shown = await showAtFirstOf(targets);
    if (shown && message.audience === 'channel' && message.replacesCard && cardAt(place) === 'private') {
      // The content is for the channel now: the person's own card keeps only the title, and loses its buttons.
      await showAt(reply('ephemeral', true), renderTitle(message.view, newNonce())).catch(warn);
    }
    return shown;
  };
}

/** Whether the message was certainly not shown. */
function isRefused(error: unknown): boolean {
  if (error instanceof SlackRefusal) return true;
  return error instanceof NetworkError && (error.failure === 'unsent' || error.failure === 'untrusted');
}

/** Slack does not tell which message a post to a `response_url` has become. */
function withoutCard({ messageId: _, extra, ...place }: Place): Place {
  const { isEphemeral: __, ...kept } = extra ?? {};
  return { ...place, extra: kept };
}

/** Without the `response_url`, which would change another message. */
function placeOfNewMessage({ extra }: Place, channelId: string, messageId: string): Place {
  const { isEphemeral: _, posts: __, ...kept } = extra ?? {};
  return { channelId, messageId, isDirect: channelId.startsWith('D'), extra: kept };
}
