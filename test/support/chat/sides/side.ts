/** A chat platform as its people see it: the same for every platform, over the platform's own fake. */
import type { ChatKind } from '../../../../lib/chat/source.ts';

/** The people of the workspace. They are all in one channel. */
export const PEOPLE = ['ann', 'annAgain', 'bob', 'cai', 'dan', 'eve'] as const;
export type PersonName = (typeof PEOPLE)[number];

/** A request of the platform, with the headers and the body that its signature covers. */
export interface PlatformRequest {
  headers: Record<string, string>;
  body: string | Uint8Array;
}

export interface SeenMessage {
  /** The same while the message stands, whatever its text becomes. */
  id: string;
  /** As a person reads it. */
  text: string;
  /** The labels of its buttons. */
  buttons: readonly string[];
}

export interface PressOptions {
  /** The request comes from another channel than the card is in. */
  isElsewhere?: boolean;
  /** Takes the place of the id that the button holds. */
  requestId?: string;
}

export interface ChatSide {
  kind: ChatKind;
  /** What the document of HOOKS says of the source, besides its kind, projects, actions and `may_approve`. */
  settings: object;
  /** The identity of a person, as an administrator maps it. @param source the name in the URL */
  identityOf(person: PersonName, source: string): string;
  /** A person writes a command in the channel. */
  command(person: PersonName, text: string): PlatformRequest;
  /** A person presses the button with this label on the newest message with one. @throws if there is none */
  press(person: PersonName, label: string, options?: PressOptions): PlatformRequest;
  /** Shows what the platform shows for the answer to a request. */
  answered(request: PlatformRequest, answer: { status: number; body: unknown }): void;
  /** What a person sees in the channel and in the direct chat with the bot, oldest first. */
  seenBy(person: PersonName): SeenMessage[];
  /** Requests with a command that the platform did not send, or not now, by what is wrong with them. */
  forged(person: PersonName, text: string): [problem: string, request: PlatformRequest][];
  /** Whether the platform can change a message that only one person sees. */
  canChangePrivateCards: boolean;
  /** Mark-up, mentions and links that take effect in what has been shown. */
  liveMarkup(): string[];
}

export const WINDOW_MS = 301_000;

/** The request without each of these headers. */
export const withoutEach = (
  request: PlatformRequest,
  names: readonly string[],
): [problem: string, request: PlatformRequest][] =>
  names.map((name) => {
    const { [name]: _, ...headers } = request.headers;
    return [`without ${name}`, { ...request, headers }];
  });
