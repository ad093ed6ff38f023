/** The chat sources in the document that the setting HOOKS names (`webhooks/hooks.ts`). */
import * as z from 'zod/mini';
import type { AwsSettings } from '../clients/aws.ts';
import { readSecret } from '../clients/secrets.ts';
import { parseSecretReference } from '../config.ts';
import { memoizeByStore } from '../util/memoize.ts';
import { type HooksDependencies, refreshingHooks, type SourceFamily } from '../webhooks/hooks.ts';
import { assertNoProblems, entryOf, FIELDS } from '../webhooks/named-settings.ts';
import { PLATFORMS } from './platforms.ts';
import { CHAT_ACTIONS, CHAT_KINDS, type ChatAction, type ChatKind, type ChatSource } from './source.ts';

/** An entry of the document: the fields that all platforms have, and the settings of its own. */
interface ChatEntry {
  kind: ChatKind;
  secrets: readonly string[];
  projects: readonly string[];
  actions?: readonly ChatAction[] | undefined;
  may_approve?: boolean | undefined;
  [setting: string]: unknown;
}

const ACTIONS = FIELDS.list(z.enum(CHAT_ACTIONS, `must be one of: ${CHAT_ACTIONS.join(', ')}`));

const kinds = () => Object.keys(PLATFORMS) as ChatKind[];

export const CHAT_SOURCES: SourceFamily<ChatSource> = {
  allKinds: CHAT_KINDS,
  kinds,
  entries: () => kinds().map(schemaOf),
  sourceOf(name, entry) {
    const { kind, secrets, projects, actions, may_approve, ...settings } = entry as ChatEntry;
    return {
      name,
      kind,
      secrets,
      projectIds: projects,
      actions: actions ?? CHAT_ACTIONS,
      mayApprove: may_approve ?? false,
      settings,
    };
  },
  problemsOf(source, { keystone, aws }) {
    const { name, kind, secrets } = source;
    const problems = secrets.flatMap((secret, index) => {
      const problem = PLATFORMS[kind].secretProblem(secret);
      return problem ? [`${name}.secrets.${index}: ${problem}`] : [];
    });
    for (const [setting, value] of referencesIn(source)) {
      const reference = parseSecretReference(value, NO_AWS);
      if (!reference) problems.push(`${name}.${setting}: ${NO_REFERENCE}`);
      else if (reference.kind === 'aws' && !aws) problems.push(`${name}.${setting}: AWS_REGION must be set for aws:`);
    }
    if (keystone) problems.push(`${name}.kind: ${NEEDS_DIRECTORY}`);
    return problems;
  },
};

/** The chat sources with their secrets, with one cache per process. */
export const chatSourcesOf = memoizeByStore(({ config, store }: HooksDependencies) =>
  refreshingHooks({ config, store }, [CHAT_SOURCES], (sources) => withSecrets([...sources.values()], config.aws)),
);

function schemaOf(kind: ChatKind) {
  return entryOf({
    kind: z.literal(kind),
    secrets: FIELDS.secrets,
    projects: FIELDS.projects,
    // Whoever has the secret of a bot speaks for everyone, so the source must say what the bot is for.
    actions: kind === 'bot' ? ACTIONS : z.optional(ACTIONS),
    may_approve: FIELDS.flag,
    ...PLATFORMS[kind].settings,
  });
}

const NO_REFERENCE = 'must be file:<path> or aws:<name or ARN of a secret>';
const NEEDS_DIRECTORY =
  'chat needs IDENTITY=directory, because the roles of a person are looked up in the directory; ' +
  'remove the source, or run a service of its own for chat';

/** For references whose secrets are not read. */
const NO_AWS: AwsSettings = { region: '' };

function referencesIn({ kind, settings }: ChatSource): [setting: string, value: string][] {
  const values: Readonly<Record<string, unknown>> = { ...settings };
  return (PLATFORMS[kind].references ?? []).flatMap((setting) => {
    const value = values[setting];
    return value === undefined ? [] : [[setting, String(value)]];
  });
}

/**
 * Reads the secrets that settings of the sources refer to.
 * @returns the sources by name, with those secrets in place of the references
 * @throws Error that names each setting whose secret cannot be read
 */
async function withSecrets(
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
    const secrets = referencesIn(source).map(async ([setting, value]) => [
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
  if (!reference) throw new Error(NO_REFERENCE);
  // Editors end a file with a line end, which is not part of the secret.
  const secret = (await readSecret(reference)).trim();
  if (secret === '') throw new Error('the secret is empty');
  return secret;
}
