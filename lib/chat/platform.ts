/** The port of the chat platforms. Each platform implements it in `platforms/<kind>.ts`. */
import type * as z from 'zod/mini';
import type { Reply } from '../http/reply.ts';
import type { SignableRequest } from '../signing/signed-request.ts';
import type { Place } from './place.ts';
import type { ChatSource } from './source.ts';
import type { ButtonName, Message } from './view.ts';

export type { Place } from './place.ts';

export type Locale = 'en' | 'zh';

/** Who wrote or pressed, as the platform identifies people: never by name or e-mail address. */
export interface Sender {
  /** The workspace, organisation or tenant within which `userId` is unique. */
  workspace: string;
  userId: string;
}

interface Received {
  sender: Sender;
  place: Place;
  locale: Locale;
}

/** A mention in the text of a command, in the same form for every platform: `<@id>`. */
export const MENTION = /^<@([^<>\s|]{1,128})>$/;

export interface ReceivedCommand extends Received {
  type: 'command';
  /** As typed, with mentions as `<@id>` and without the name of the bot or of the slash command. */
  text: string;
}

export interface ReceivedPress extends Received {
  type: 'press';
  button: ButtonName;
  /** As the button brought it back: unchecked. */
  requestId: string;
}

export type Incoming =
  | ReceivedCommand
  | ReceivedPress
  /** The platform tests the endpoint. */
  | { type: 'handshake'; reply: object }
  /** A verified message that asks nothing of this service, such as another bot's. */
  | { type: 'ignored'; why: string; reply: object };

/** A verified request. */
export interface Verified {
  /**
   * Identifies this very request: the same one must not take effect twice. Equal for a repeat that the platform sends
   * by itself. Absent for a handshake, which has no effect.
   */
  deliveryId?: string | undefined;
}

/** @template S the settings of a source that only this platform has */
export interface ChatPlatform<S extends object = object> {
  /** The form of those settings in the document of HOOKS. */
  settings: Readonly<Record<keyof S, z.core.$ZodType>>;
  /** The names of the settings that refer to a secret: `file:` and a path, or `aws:` and the name of a secret. */
  references?: readonly string[];
  /**
   * Someone reads the reply only if it comes within this time of the request. A later answer, as of an upstream that
   * hangs, is delivered instead. Absent where the platform waits for longer than this service takes.
   */
  replyMsMax?: number;
  /** Returns what is wrong with a configured secret, without repeating it; undefined for a valid one. */
  secretProblem(secret: string): string | undefined;
  /**
   * Verifies that the platform sent these bytes recently, before they are parsed.
   * @param nowMs ms since 1970
   * @throws SignatureError with a message that holds nothing of the request
   */
  verify(request: SignableRequest, source: ChatSource<S>, nowMs: number): Verified;
  /**
   * Parses a verified request, and checks that its app, workspace and channel are allowed by the source.
   * @throws SignatureError for a foreign app, workspace, tenant or channel
   * @throws KmsError KMS.0202, KMS.0204 or KMS.0308 for a malformed one
   */
  read(request: SignableRequest, source: ChatSource<S>, nowMs: number): Incoming;
  /**
   * Puts into the reply to the request what the platform takes there.
   * @returns the reply, and the messages that must be delivered otherwise, before the reply is sent
   */
  reply(
    messages: readonly Message[],
    incoming: ReceivedCommand | ReceivedPress,
    source: ChatSource<S>,
  ): {
    reply: object | Reply;
    rest: readonly Message[];
  };
  /**
   * Delivers a message outside of a reply.
   * @returns where it is now, for later updates; undefined when the platform offers no way (any more)
   * @throws NetworkError or Error when it may succeed later
   */
  deliver(message: Message, place: Place, source: ChatSource<S>, locale: Locale): Promise<Place | undefined>;
}
