/**
 * Slack's side, for tests: it signs requests, keeps what each person sees in each channel, and enforces the limits of
 * messages, of `response_url` and of the Web API. Sources: docs.slack.dev, "Implementing slash commands", "Handling
 * user interaction", "chat.postMessage", "chat.update".
 */
import type { HttpResponse, sendRequest } from '../../../lib/clients/http.ts';
import { problemOfBlocks } from './block-limits.ts';
import { commandBody, pressBody, signedRequest } from './slack-requests.ts';

interface Options {
  secret: string;
  /** The token with which the Web API may be called. */
  botToken?: string;
  /** The channels that the app is in. */
  joined?: readonly string[];
  /** ms since 1970 */
  now: () => number;
  app?: string;
  team?: string;
  enterprise?: string;
}

/** A request of Slack, as a server receives it, and its `response_url`. */
export type SlackRequest = ReturnType<typeof signedRequest> & { replyUrl: string };

interface Message {
  ts: string;
  channel: string;
  /** The only person who sees it. */
  onlyFor?: string | undefined;
  text: string;
  blocks: readonly Block[];
}

type Block = Readonly<Record<string, unknown>>;

interface ReplyUrl {
  channel: string;
  user: string;
  /** The message with the button; absent for the URL of a command. */
  message?: Message | undefined;
  atMs: number;
  posts: number;
}

/** What a person sees of a message. */
export interface SeenMessage {
  ts: string;
  lines: string[];
  buttons: string[];
  isEphemeral: boolean;
}

/** The longest blocks that Slack was seen to accept. Source: github.com/slackapi/bolt-js, issue 2867. */
const ACCEPTED_BLOCKS_MAX = 15_561;

const LIFETIME_MS = 30 * 60 * 1000;
const POSTS_MAX = 5;

export class FakeSlack {
  readonly options: Required<Omit<Options, 'botToken' | 'enterprise'>> & Pick<Options, 'botToken' | 'enterprise'>;
  /** Every call of the app: its URL, headers and payload. */
  readonly calls: { url: string; headers: Record<string, string>; payload: Block }[] = [];
  /** Answers the next call with it instead. */
  nextAnswer: Partial<HttpResponse> | Error | undefined;
  #messages: Message[] = [];
  readonly #replyUrls = new Map<string, ReplyUrl>();
  #count = 0;

  constructor(options: Options) {
    this.options = { app: 'A0APP', team: 'T0TEAM', joined: [], ...options };
  }

  /** A person types a slash command. @param text as Slack sends it, with escaped mentions and entities */
  command(user: string, channel: string, text: string, more: Record<string, string> = {}): SlackRequest {
    const replyUrl = this.#newReplyUrl('commands', { channel, user });
    return this.sign(commandBody({ ...this.#ids(), channel, user, text, replyUrl }, more), replyUrl);
  }

  /** A person presses a button that this person sees, found by its label. */
  press(user: string, channel: string, label: string, more: Block = {}): SlackRequest {
    for (const message of this.#seenBy(user, channel).reverse()) {
      const actions = message.blocks.filter(({ type }) => type === 'actions');
      for (const { block_id, elements } of actions) {
        const button = (elements as Block[]).find(({ text }) => textOf(text) === label);
        if (button) return this.#pressOf(user, message, { ...button, block_id }, more);
      }
    }
    throw new Error(`${user} sees no button "${label}" in ${channel}`);
  }

  #pressOf(user: string, message: Message, button: Block, more: Block): SlackRequest {
    const { channel, ts, onlyFor } = message;
    const replyUrl = this.#newReplyUrl('actions', { channel, user, message });
    const from = { ...this.#ids(), channel, user, ts, isEphemeral: onlyFor !== undefined, button, replyUrl };
    return this.sign(pressBody(from, more), replyUrl);
  }

  #ids() {
    const { app, team, enterprise } = this.options;
    return { app, team, enterprise };
  }

  /** Signs a body, as every request of Slack is. */
  sign(body: string | Buffer, replyUrl = '', atMs = this.options.now()): SlackRequest {
    return { ...signedRequest(body, this.options.secret, atMs), replyUrl };
  }

  #newReplyUrl(kind: 'commands' | 'actions', from: Pick<ReplyUrl, 'channel' | 'user' | 'message'>): string {
    this.#count += 1;
    const url = `https://hooks.slack.com/${kind}/${this.options.team}/${this.#count}/${'x'.repeat(24)}`;
    this.#replyUrls.set(url, { ...from, atMs: this.options.now(), posts: 0 });
    return url;
  }

  /** Shows what Slack shows for the answer to a request: the one to a press is not shown. */
  answered({ replyUrl }: SlackRequest, { status, json }: { status: number; json: string }): void {
    const { channel, user, message } = this.#replyUrls.get(replyUrl) ?? {};
    if (channel === undefined || message || json === '') return;
    if (status !== 200) {
      this.#show({ channel, onlyFor: user, text: `failed with ${status}`, blocks: [] });
      return;
    }
    const payload = JSON.parse(json) as Block;
    const problem = problemOfPayload(payload);
    if (problem) throw new Error(`the answer is refused: ${problem}`);
    this.#show({
      channel,
      onlyFor: payload['response_type'] === 'in_channel' ? undefined : user,
      ...contentOf(payload),
    });
  }

  visibleTo(user: string, channel: string): SeenMessage[] {
    return this.#seenBy(user, channel).map(({ ts, text, blocks, onlyFor }) => ({
      ts,
      lines: blocks.length > 0 ? blocks.flatMap(linesOf) : [text],
      buttons: blocks.filter(({ type }) => type === 'actions').flatMap(buttonsOf),
      isEphemeral: onlyFor !== undefined,
    }));
  }

  #seenBy(user: string, channel: string): Message[] {
    return this.#messages.filter(
      (message) => message.channel === channel && (message.onlyFor === undefined || message.onlyFor === user),
    );
  }

  /** The channel of the direct messages between the app and the person. */
  static directChannel(user: string): string {
    return `D${user.slice(1)}`;
  }

  /** Takes the calls of the app, in place of the HTTP client. */
  readonly send: typeof sendRequest = async ({ url, headers, body = '' }) => {
    const payload = JSON.parse(body) as Block;
    this.calls.push({ url, headers, payload });
    const answer = this.nextAnswer;
    this.nextAnswer = undefined;
    if (answer instanceof Error) throw answer;
    if (answer) return response(answer.status ?? 200, answer.text ?? '');
    const { origin, pathname } = new URL(url);
    if (origin === 'https://slack.com' && pathname.startsWith('/api/')) {
      const fields = this.#callWebApi(pathname.slice('/api/'.length), headers['authorization'], payload);
      return response(200, JSON.stringify({ ok: !fields['error'], ...fields }));
    }
    const error = this.#postReply(url, payload);
    return error ? response(error.status, error.code) : response(200, '{"ok":true}');
  };

  #postReply(url: string, payload: Block): { status: number; code: string } | undefined {
    const replyUrl = this.#replyUrls.get(url);
    if (!replyUrl) return { status: 404, code: 'no_service' };
    if (this.options.now() - replyUrl.atMs >= LIFETIME_MS) return { status: 404, code: 'expired_url' };
    replyUrl.posts += 1;
    if (replyUrl.posts > POSTS_MAX) return { status: 404, code: 'used_url' };
    const problem = problemOfPayload(payload);
    if (problem) return { status: 400, code: problem };
    const { channel, user, message } = replyUrl;
    if (payload['replace_original'] === true) {
      // Slack documents it for messages with a button only.
      if (!message) return { status: 400, code: 'invalid_payload' };
      Object.assign(message, contentOf(payload));
      return undefined;
    }
    const onlyFor = payload['response_type'] === 'in_channel' ? undefined : user;
    this.#show({ channel, onlyFor, ...contentOf(payload) });
    return undefined;
  }

  #callWebApi(method: string, authorization: string | undefined, payload: Block): Block {
    const { botToken, joined } = this.options;
    if (!botToken || authorization !== `Bearer ${botToken}`) return { error: 'invalid_auth' };
    const problem = problemOfPayload(payload);
    if (problem) return { error: problem };
    const named = String(payload['channel']);
    if (method === 'chat.postMessage') {
      const isDirect = named.startsWith('U');
      if (!isDirect && !joined.includes(named)) return { error: 'not_in_channel' };
      const channel = isDirect ? FakeSlack.directChannel(named) : named;
      return { channel, ts: this.#show({ channel, ...contentOf(payload) }) };
    }
    if (method !== 'chat.update') return { error: 'unknown_method' };
    const message = this.#messages.find(({ channel, ts }) => channel === named && ts === payload['ts']);
    if (!message || message.onlyFor !== undefined) return { error: 'message_not_found' };
    Object.assign(message, contentOf(payload));
    return { channel: named, ts: message.ts };
  }

  #show(message: Omit<Message, 'ts'>): string {
    this.#count += 1;
    const ts = `${Math.floor(this.options.now() / 1000)}.${String(this.#count).padStart(6, '0')}`;
    this.#messages.push({ ts, ...message });
    return ts;
  }
}

const response = (status: number, text: string): HttpResponse => ({ status, headers: new Headers(), text });

function problemOfPayload({ text, blocks }: Block): string | undefined {
  if (typeof text !== 'string' || text === '') return 'no_text';
  if (text.length > 40_000) return 'msg_too_long';
  if (JSON.stringify(blocks ?? []).length > ACCEPTED_BLOCKS_MAX) return 'msg_blocks_too_long';
  return blocks !== undefined && problemOfBlocks(blocks) ? 'invalid_blocks' : undefined;
}

const contentOf = ({ text, blocks = [] }: Block) => ({ text: String(text), blocks: blocks as Block[] });

/** Returns the text of a text object. */
const textOf = (object: unknown): string => (object as { text: string }).text;

function linesOf({ type, text, fields, elements }: Block): string[] {
  if (type === 'actions') return [];
  if (type === 'rich_text') {
    const parts = (elements as { elements: unknown[] }[]).flatMap((part) => part.elements.map(textOf));
    return parts.join('').split('\n');
  }
  const objects = [text, ...((fields as unknown[]) ?? []), ...((elements as unknown[]) ?? [])];
  return objects.filter((object) => object !== undefined).flatMap((object) => textOf(object).split('\n'));
}

const buttonsOf = ({ elements }: Block): string[] => (elements as Block[]).map(({ text }) => textOf(text));
