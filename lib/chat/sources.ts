/** The chat sources in the document that the setting HOOKS names (`webhooks/hooks.ts`). */
import * as z from 'zod/mini';
import type { AwsSettings } from '../clients/aws.ts';
import { readSecret } from '../clients/secrets.ts';
import { type Config, parseSecretReference } from '../config.ts';
import { assertNoProblems, entryOf, FIELDS } from '../webhooks/named-settings.ts';
import { PLATFORMS } from './platforms.ts';
import { CHAT_ACTIONS, type ChatAction, type ChatKind, type ChatSource } from './source.ts';

/** An entry of the document: the fields that all platforms have, and the settings of its own. */
export interface ChatEntry {
  kind: ChatKind;
  secrets: readonly string[];
  projects: readonly string[];
  actions?: readonly ChatAction[] | undefined;
  may_approve?: boolean | undefined;
  [setting: string]: unknown;
}

/** The kinds that this version has a platform for. */
export const chatKinds = () => Object.keys(PLATFORMS) as ChatKind[];

const ACTIONS = FIELDS.list(z.enum(CHAT_ACTIONS, `must be one of: ${CHAT_ACTIONS.join(', ')}`));

/** Returns the schema of each kind of entry. */
export function chatEntries() {
  return chatKinds().map((kind) =>
    entryOf({
      kind: z.literal(kind),
      secrets: FIELDS.secrets,
      projects: FIELDS.projects,
      // Whoever has the secret of a bot speaks for everyone, so the source must say what the bot is for.
      actions: kind === 'bot' ? ACTIONS : z.optional(ACTIONS),
      may_approve: z.optional(z.boolean('must be true or false')),
      ...PLATFORMS[kind]?.settings,
    }),
  );
}

export const isChatEntry = (entry: { kind: string }): entry is ChatEntry => entry.kind in PLATFORMS;

export const isChatSource = (source: object): source is ChatSource => 'mayApprove' in source;

export function chatSourceOf(name: string, entry: ChatEntry): ChatSource {
  const { kind, secrets, projects, actions = CHAT_ACTIONS, may_approve: mayApprove = false, ...settings } = entry;
  return { name, kind, secrets, projectIds: projects, actions, mayApprove, settings };
}

/** Returns what is wrong with a source whose form is right, each problem with its place. */
export function chatProblems(source: ChatSource, { keystone, aws }: Partial<Pick<Config, 'keystone' | 'aws'>>) {
  const { name, kind, secrets } = source;
  const problems = secrets.flatMap((secret, index) => {
    const problem = PLATFORMS[kind]?.secretProblem(secret);
    return problem ? [`${name}.secrets.${index}: ${problem}`] : [];
  });
  for (const [setting, value] of secretSettingsOf(source)) {
    const reference = parseSecretReference(value, NO_AWS);
    if (!reference) problems.push(`${name}.${setting}: must be file:<path> or aws:<name or ARN of a secret>`);
    else if (reference.kind === 'aws' && !aws) problems.push(`${name}.${setting}: AWS_REGION must be set for aws:`);
  }
  if (keystone) {
    problems.push(
      `${name}.kind: chat needs IDENTITY=directory, because the roles of a person are looked up in the directory; ` +
        'remove the source, or run a service of its own for chat',
    );
  }
  return problems;
}

/** For references whose secrets are not read. */
const NO_AWS: AwsSettings = { region: '' };

function secretSettingsOf({ kind, settings }: ChatSource): [setting: string, value: string][] {
  const values: Readonly<Record<string, unknown>> = { ...settings };
  return (PLATFORMS[kind]?.secretSettings ?? []).flatMap((setting) => {
    const value = values[setting];
    return value === undefined ? [] : [[setting, String(value)]];
  });
}

/**
 * Reads the secrets that settings of the sources refer to.
 * @returns the sources by name, with those secrets in place of the references
 * @throws Error that names each setting whose secret cannot be read
 */
export async function withSecrets(
  sources: readonly ChatSource[],
  aws: AwsSettings = NO_AWS,
): Promise<ReadonlyMap<string, ChatSource>> {
  const problems: string[] = [];
  const read = async (place: string, value: string): Promise<string> => {
    try {
      return await readSetting(value, aws);
    } catch (error) {
      problems.push(`${place}: ${(error as Error).message}`);
      return '';
    }
  };
  const complete = sources.map(async (source): Promise<ChatSource> => {
    const secrets = secretSettingsOf(source).map(async ([setting, value]) => [
      setting,
      await read(`${source.name}.${setting}`, value),
    ]);
    return { ...source, settings: { ...source.settings, ...Object.fromEntries(await Promise.all(secrets)) } };
  });
  const completed = await Promise.all(complete);
  assertNoProblems('HOOKS', problems);
  return new Map(completed.map((source) => [source.name, source]));
}

async function readSetting(value: string, aws: AwsSettings): Promise<string> {
  const reference = parseSecretReference(value, aws);
  if (!reference) throw new Error('must be file:<path> or aws:<name or ARN of a secret>');
  // Editors end a file with a line end, which is not part of the secret.
  const secret = (await readSecret(reference)).trim();
  if (secret === '') throw new Error('the secret is empty');
  return secret;
}
