/** A bot of an operator: it passes on what people type in a channel, and shows each answer to whom it is for. */
import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

interface Answer {
  audience: 'asker' | 'channel';
  replaces_card: boolean;
  text: string;
  markdown: string;
  buttons: { label: string; command: string }[];
}

interface ShownAnswer extends Answer {
  id: string;
  /** The only person who sees it. */
  onlyFor?: string | undefined;
}

interface Typed {
  actor: string;
  /** The message whose button the person pressed. */
  card?: ShownAnswer | undefined;
}

interface Options {
  secret: string;
  channel: string;
  /** ms since 1970 */
  now: () => number;
}

export interface BotRequest {
  headers: Record<string, string>;
  body: string;
}

export class FakeBot {
  readonly shown: ShownAnswer[] = [];
  readonly #options: Options;
  readonly #typed = new Map<BotRequest, Typed>();

  constructor(options: Options) {
    this.#options = options;
  }

  say(actor: string, command: string): BotRequest {
    return this.#send({ actor }, command);
  }

  /** @param requestId takes the place of the id in the command that the button stands for */
  press(actor: string, label: string, { channel, requestId }: { channel?: string; requestId?: string } = {}) {
    const card = this.seenBy(actor).findLast(({ buttons }) => buttons.some((button) => button.label === label));
    const command = card?.buttons.find((button) => button.label === label)?.command;
    if (command === undefined) throw new Error(`${actor} sees no button ${label}`);
    return this.#send({ actor, card }, requestId ? command.replace(/\S+$/, requestId) : command, channel);
  }

  #send(typed: Typed, command: string, channel = this.#options.channel): BotRequest {
    const body = JSON.stringify({ command, actor: typed.actor, channel, request_id: randomUUID() });
    const request = this.sign(body);
    this.#typed.set(request, typed);
    return request;
  }

  sign(body: string, atMs = this.#options.now(), secret = this.#options.secret): BotRequest {
    const id = `msg_${randomUUID()}`;
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(atMs / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, new Date(atMs), body),
    };
    return { headers, body };
  }

  answered(request: BotRequest, { messages }: { messages: Answer[] }): void {
    const { actor, card } = this.#typed.get(request) ?? {};
    for (const message of messages) {
      const onlyFor = message.audience === 'asker' ? actor : undefined;
      const shown = { id: randomUUID(), ...message, onlyFor };
      if (!card || !message.replaces_card) this.shown.push(shown);
      else if (card.onlyFor === onlyFor) Object.assign(card, message);
      else {
        card.buttons = [];
        this.shown.push(shown);
      }
    }
  }

  /** What the person sees in the channel, oldest first. */
  seenBy(actor: string): ShownAnswer[] {
    return this.shown.filter(({ onlyFor }) => (onlyFor ?? actor) === actor);
  }
}
