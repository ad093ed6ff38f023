/**
 * A fake Mattermost server. It keeps what each user sees, and has the rules of the real one that matter here.
 * Source: mattermost/mattermost, server/channels/app/integration_action.go, command.go and command_webhook.go;
 * Mattermost Developers, "Custom slash commands".
 */
import { randomBytes } from 'node:crypto';

const POSTS_PER_REPLY_URL = 5;
const REPLY_URL_LIFETIME_MS = 30 * 60 * 1000;

interface Action {
  id: string;
  name: string;
  integration: { url: string; context: Record<string, unknown> };
}

interface Attachment {
  actions?: Action[];
}

export interface Post {
  postId: string;
  channel: string;
  /** The only user who sees it; everyone in the channel when absent. */
  onlyFor?: string | undefined;
  message: string;
  attachments: Attachment[];
}

interface CommandResponse {
  response_type?: string;
  text?: string;
  attachments?: Attachment[];
  skip_slack_parsing?: boolean;
  extra_responses?: CommandResponse[];
}

interface PressResponse {
  update?: { message: string; props?: { attachments?: Attachment[] } };
  ephemeral_text?: string;
  skip_slack_parsing?: boolean;
}

export interface FakeRequest {
  headers: Record<string, string>;
  body: string;
}

interface Options {
  url: string;
  team: string;
  token: string;
  now: () => number;
  /** Sends a request to the service, for `command` and `press`. @returns the body of its 200 */
  send?(request: FakeRequest): Promise<object>;
}

const newId = () => randomBytes(13).toString('hex');

export class FakeMattermost {
  readonly posts: Post[] = [];
  readonly #options: Options;
  readonly #replyUrls = new Map<string, { user: string; channel: string; createdAtMs: number; posts: number }>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** What the user sees in the channel, oldest first. */
  seenBy(user: string, channel: string): Post[] {
    return this.posts.filter((post) => post.channel === channel && (post.onlyFor ?? user) === user);
  }

  /** @param mentions ids by name of the users whom the text mentions */
  async command(user: string, channel: string, text: string, mentions: Record<string, string> = {}): Promise<void> {
    this.commandAnswered(user, channel, await this.#send(this.commandRequest(user, channel, text, mentions)));
  }

  /** Shows the answer to a command. */
  commandAnswered(user: string, channel: string, answer: object): void {
    this.#show(user, channel, answer);
  }

  commandRequest(user: string, channel: string, text: string, mentions: Record<string, string> = {}): FakeRequest {
    const { url, team, token, now } = this.#options;
    const replyUrl = `${url}/hooks/commands/${newId()}`;
    this.#replyUrls.set(replyUrl, { user, channel, createdAtMs: now(), posts: 0 });
    const form = new URLSearchParams({
      channel_id: channel,
      channel_name: 'incident',
      command: '/grants',
      response_url: replyUrl,
      team_domain: 'acme',
      team_id: team,
      text,
      token,
      trigger_id: newId(),
      user_id: user,
      user_name: user,
    });
    for (const [name, id] of Object.entries(mentions)) {
      form.append('user_mentions', name);
      form.append('user_mentions_ids', id);
    }
    return {
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Token ${token}` },
      body: form.toString(),
    };
  }

  /** Presses the button with this name of the newest post that the user sees and that has one. */
  async press(user: string, channel: string, name: string): Promise<void> {
    const post = this.postWithButton(user, channel, name);
    this.pressAnswered(user, post, await this.#send(this.pressRequest(user, post, name)));
  }

  /** @returns the newest post that the user sees and that has a button with this name */
  postWithButton(user: string, channel: string, name: string): Post {
    const post = this.seenBy(user, channel).findLast((one) => actionOf(one, name));
    if (!post) throw new Error(`${user} sees no button ${name}`);
    return post;
  }

  /** Shows the answer to a press. */
  pressAnswered(user: string, post: Post, response: PressResponse): void {
    if (response.update) {
      // An ephemeral post is not stored, so its update fails, and with it everything that follows.
      if (post.onlyFor !== undefined) throw new Error('404: the post to update was not found');
      post.message = response.update.message;
      if (response.update.props) post.attachments = response.update.props.attachments ?? [];
    }
    const { channel } = post;
    if (response.ephemeral_text) this.#add({ channel, onlyFor: user, message: response.ephemeral_text });
  }

  async #send(request: FakeRequest): Promise<object> {
    if (!this.#options.send) throw new Error('this fake sends nothing by itself');
    return this.#options.send(request);
  }

  pressRequest(user: string, post: Post, name: string): FakeRequest {
    const action = actionOf(post, name);
    const body = {
      user_id: user,
      user_name: user,
      channel_id: post.channel,
      channel_name: 'incident',
      team_id: this.#options.team,
      team_domain: 'acme',
      post_id: post.postId,
      trigger_id: newId(),
      type: 'button',
      data_source: '',
      context: action?.integration.context,
    };
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  }

  /** A post to a response_url, as the service sends it. */
  readonly receive = async (url: string, body: string): Promise<{ status: number }> => {
    const command = this.#replyUrls.get(url);
    const isOpen = command && this.#options.now() < command.createdAtMs + REPLY_URL_LIFETIME_MS;
    if (!isOpen || command.posts >= POSTS_PER_REPLY_URL) return { status: 404 };
    command.posts += 1;
    this.#show(command.user, command.channel, JSON.parse(body));
    return { status: 200 };
  };

  #show(user: string, channel: string, response: CommandResponse): void {
    for (const one of [response, ...(response.extra_responses ?? [])]) {
      const { response_type: type, text = '', attachments = [] } = one;
      if (!one.skip_slack_parsing && text !== '') throw new Error('Slack mark-up in the text would take effect');
      if (text === '' && attachments.length === 0) continue;
      this.#add({ channel, onlyFor: type === 'in_channel' ? undefined : user, message: text, attachments });
    }
  }

  #add(post: Omit<Post, 'postId' | 'attachments'> & Partial<Post>): void {
    if (post.message.length > 16_383) throw new Error('the post is too long');
    for (const { id } of post.attachments?.flatMap(({ actions = [] }) => actions) ?? [])
      if (!/^[A-Za-z0-9]+$/.test(id)) throw new Error(`an action with the id ${id} does nothing`);
    this.posts.push({ postId: newId(), attachments: [], ...post });
  }
}

const actionOf = (post: Post, name: string) =>
  post.attachments.flatMap(({ actions = [] }) => actions).find((action) => action.name === name);
