import * as z from 'zod/mini';
import type { ChatSource } from '../../source.ts';

/** The settings that only Mattermost has. */
export interface MattermostSettings {
  /** The origin of the Mattermost server, the only place that answers are sent to. */
  url: string;
  /** Ids of the teams. */
  workspaces: readonly string[];
  /** Ids of the only channels in which commands and presses are accepted; all channels when absent. */
  channels?: readonly string[] | undefined;
  /** Signs the buttons. */
  press_secret: string;
  /** The origin at which Mattermost reaches this service: presses are sent there. */
  public_url: string;
}

export type MattermostSource = ChatSource<MattermostSettings>;

const ORIGIN_PROBLEM = 'must be an https:// origin such as https://chat.example.com';
const origin = () => z.string(ORIGIN_PROBLEM).check(z.refine(isHttpsOrigin, ORIGIN_PROBLEM));

/** The form of all ids of Mattermost. */
export const ID = /^[A-Za-z0-9]{1,64}$/;
const IDS_PROBLEM = 'must be a list of 1 to 100 ids of Mattermost, such as qh8x9t8sp3n6dbxnuxj6cbxq4a';
const ids = () =>
  z
    .array(z.string(IDS_PROBLEM).check(z.regex(ID, IDS_PROBLEM)), IDS_PROBLEM)
    .check(z.minLength(1, IDS_PROBLEM), z.maxLength(100, IDS_PROBLEM));

const PRESS_SECRET_PROBLEM = 'must be 32 to 4096 characters, random and used for nothing else';
const pressSecret = z
  .string(PRESS_SECRET_PROBLEM)
  .check(z.minLength(32, PRESS_SECRET_PROBLEM), z.maxLength(4096, PRESS_SECRET_PROBLEM));

function isHttpsOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.origin === text;
}

export const SETTINGS = {
  url: origin(),
  workspaces: ids(),
  channels: z.optional(ids()),
  press_secret: pressSecret,
  public_url: origin(),
} satisfies Record<keyof MattermostSettings, z.core.$ZodType>;
