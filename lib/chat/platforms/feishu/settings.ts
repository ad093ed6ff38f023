import * as z from 'zod/mini';
import { FIELDS } from '../../../webhooks/named-settings.ts';

/** The settings that only Feishu and Lark have. */
export interface FeishuSettings {
  /** The App ID. */
  app_id: string;
  /** The App Secret, for messages to people. The setting is a reference to it. */
  app_secret: string;
  verification_token: string;
  /** The `tenant_key` of each organisation whose people may use the source. */
  tenants: readonly string[];
  /** Ids of the chats where the source may be used; everywhere when absent. */
  channels?: readonly string[] | undefined;
  /** The cloud of the app: Feishu in China, Lark elsewhere. Default: feishu. */
  host?: keyof typeof ORIGINS | undefined;
}

/** Both clouds have the same API. */
export const ORIGINS = { feishu: 'https://open.feishu.cn', lark: 'https://open.larksuite.com' } as const;

const text = (pattern: RegExp, problem: string) => z.string(problem).check(z.regex(pattern, problem));

const ids = (prefix: string, problem: string) => FIELDS.list(text(new RegExp(`^${prefix}\\w{1,64}$`), problem));

export const SETTINGS = {
  app_id: text(/^cli_\w{1,64}$/, 'must be an App ID, such as cli_a5fb0ae6a4123456'),
  app_secret: text(/^(?:file|aws):./, 'must refer to the App Secret: file:/path/to/file or aws:name-of-the-secret'),
  verification_token: text(/^[\x21-\x7e]{16,128}$/, 'must be the Verification Token of the app'),
  tenants: ids('', 'must be the tenant_key of an organisation, such as 2ca1d211f64f6438'),
  channels: z.optional(ids('oc_', 'must be the id of a chat, such as oc_e4d2605ca917e695f54f11aaf5612345')),
  host: z.optional(z.enum(Object.keys(ORIGINS) as (keyof typeof ORIGINS)[], 'must be feishu or lark')),
} satisfies Record<keyof FeishuSettings, z.core.$ZodType>;
