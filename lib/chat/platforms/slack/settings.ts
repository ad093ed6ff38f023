import * as z from 'zod/mini';
import { FIELDS } from '../../../webhooks/named-settings.ts';

/** The settings that only Slack has. */
export interface SlackSettings {
  /** Ids of the apps that may send requests. */
  apps: readonly string[];
  /** Ids of workspaces (T…) and organisations (E…) whose people may use the source. */
  workspaces: readonly string[];
  /** Ids of the channels where the source may be used; everywhere when absent. */
  channels?: readonly string[] | undefined;
  /** Lets the service post without a request of Slack's: cards that can be updated later, and direct messages. */
  bot_token?: string | undefined;
}

const ids = (letters: string, problem: string) =>
  FIELDS.list(z.string(problem).check(z.regex(new RegExp(`^[${letters}][A-Z0-9]{1,31}$`), problem)));

const REFERENCE_PROBLEM = 'must refer to the token: file:/path/to/file or aws:name-of-the-secret';

export const SETTINGS = {
  apps: ids('A', 'must be the id of an app, such as A0123ABCDEF'),
  workspaces: ids('TE', 'must be the id of a workspace or organisation, such as T0123ABCDEF or E0123ABCDEF'),
  channels: z.optional(ids('CDG', 'must be the id of a channel, such as C0123ABCDEF')),
  bot_token: z.optional(z.string(REFERENCE_PROBLEM).check(z.regex(/^(?:file|aws):./, REFERENCE_PROBLEM))),
} satisfies Record<keyof SlackSettings, z.core.$ZodType>;
