/** A chat source: one app or bot of a platform, as the setting HOOKS describes it. */
import { CHAT_CHANNELS } from '../domain/events.ts';

/** What people may be allowed to do through a source, besides `help` and `whoami`. */
export const CHAT_ACTIONS = ['keys', 'list', 'who', 'show', 'events', 'job', 'revoke', 'revoke-all'] as const;
export type ChatAction = (typeof CHAT_ACTIONS)[number];

/** @template S the settings that only its platform has */
export interface ChatSource<S extends object = object> {
  /** The source's name in the URL and in mappings. */
  name: string;
  /** The platform's name: the channel in events, and the first part of identities. */
  kind: ChatKind;
  secrets: readonly string[];
  /** The projects whose keys people may see and revoke on here, as far as their own rights go. */
  projectIds: readonly string[];
  actions: readonly ChatAction[];
  /** Whether a second person may approve here what another has asked for. */
  mayApprove: boolean;
  settings: S;
}

export const CHAT_KINDS = CHAT_CHANNELS;
export type ChatKind = (typeof CHAT_KINDS)[number];
