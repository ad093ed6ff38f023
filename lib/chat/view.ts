/**
 * What chat shows, independent of any platform. Every text is plain: a platform renders it so that nothing in it, such
 * as the name of a grant that somebody else chose, becomes mark-up, a mention or a link.
 */
import type { Place } from './place.ts';

/** `good`: done. `warning`: look before you go on. `bad`: refused or failed. */
export type Tone = 'neutral' | 'good' | 'warning' | 'bad';

export interface View {
  title: string;
  tone: Tone;
  sentences: readonly string[];
  /** Pairs such as "Key" and "orders". */
  facts: readonly Fact[];
  /** For example one for each grant. */
  rows: readonly Row[];
  /** How many rows exist beyond `rows`. */
  moreRows: number;
  buttons: readonly Button[];
  /** The same for a program, as a bot receives it: names and values as in the HTTP API. */
  data: Readonly<Record<string, unknown>>;
}

/** A view with these parts and nothing else. */
export const viewOf = (parts: Partial<View> & Pick<View, 'title'>): View => ({
  tone: 'neutral',
  sentences: [],
  facts: [],
  rows: [],
  moreRows: 0,
  buttons: [],
  data: {},
  ...parts,
});

/** More rows would push the conversation out of sight, and help nobody to decide; the rest is counted. */
export const ROWS_MAX = 10;

export interface Fact {
  name: string;
  value: string;
}

export interface Row {
  title: string;
  details: readonly string[];
  /** An id of this service to copy into a command: hexadecimal digits and hyphens only. */
  id?: string | undefined;
}

/**
 * - confirm: the requester carries out what the preview shows.
 * - ask: the requester asks a second person to approve it.
 * - approve: the second person approves it, and it is carried out.
 * - cancel: nothing is done.
 */
export const BUTTONS = ['confirm', 'ask', 'approve', 'cancel'] as const;
export type ButtonName = (typeof BUTTONS)[number];

export interface Button {
  name: ButtonName;
  label: string;
  style: 'default' | 'primary' | 'danger';
  /** The id of the stored request: the only thing that a press brings back. */
  requestId: string;
}

/** A view to show, and to whom. */
export interface Message {
  /**
   * Where another person than the asker is, to whom the message goes. A platform that cannot deliver it there leaves it
   * out.
   */
  to?: Place | undefined;
  view: View;
  /** Lists, previews and errors are for the asker; the approval card and the receipt are for the channel. */
  audience: 'asker' | 'channel';
  /** Whether it takes the place of the card whose button was pressed, or of the card of the stored request. */
  replacesCard: boolean;
  /**
   * For a message that must not be lost: the stored request that it belongs to, and whether it is the request's card or
   * its outcome. Whoever has delivered the message calls `noteDelivered`.
   */
  about?: { requestId: string; part: 'card' | 'outcome' } | undefined;
}

/** A message that only the asker needs, and that leaves every card as it is. */
export const messageToAsker = (view: View): Message => ({ view, audience: 'asker', replacesCard: false });
