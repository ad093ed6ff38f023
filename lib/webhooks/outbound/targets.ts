/** Parses the setting TARGETS: the receivers of outbound webhooks. */
import * as z from 'zod/mini';
import type { SecretReference } from '../../clients/secrets.ts';
import type { Config } from '../../config.ts';
import { webhookSecretProblem } from '../../signing/standard-webhooks.ts';
import { memoizeByStore } from '../../util/memoize.ts';
import { assertNoProblems, entryOf, FIELDS, namedEntries, parseSetting, refreshingSetting } from '../named-settings.ts';

/** A receiver of outbound webhooks. */
export interface Target {
  name: string;
  url: string;
  /** `whsec_…`; each message is signed with every secret, so that a secret can be rotated. */
  secrets: readonly string[];
  /** Projects whose events it receives; all projects when absent. */
  projectIds?: readonly string[] | undefined;
  /** Whether the target may have an address that is not on the public Internet. */
  isPrivateAllowed: boolean;
}

export type Targets = ReadonlyMap<string, Target>;

const URL_FORM = 'must be https://…, or http://… with allow_private';

const TARGETS = namedEntries(
  entryOf({
    url: z.string(URL_FORM).check(z.refine(isTargetUrl, URL_FORM)),
    secrets: FIELDS.secrets,
    projects: z.optional(FIELDS.projects),
    allow_private: z._default(z.boolean('must be true or false'), false),
  }),
);

/**
 * Parses the JSON of the setting: an object of targets by name, each with `url`, `secrets`, and optionally `projects`
 * and `allow_private`.
 * @throws an error that names each wrong field and never contains any part of a secret
 */
export function parseTargets(text: string): Targets {
  const targets = Object.entries(parseSetting('TARGETS', TARGETS, text)).map(
    ([name, { projects, allow_private, ...target }]): Target => {
      return { name, projectIds: projects, isPrivateAllowed: allow_private, ...target };
    },
  );
  assertNoProblems('TARGETS', targets.flatMap(problemsOf));
  return new Map(targets.map((target) => [target.name, target]));
}

function problemsOf({ name, url, secrets, isPrivateAllowed }: Target): string[] {
  const problems = secrets.flatMap((secret, index) =>
    webhookSecretProblem(secret) || !secret.startsWith('whsec_')
      ? [`${name}.secrets.${index}: must be whsec_ and base64 of 24 to 64 bytes`]
      : [],
  );
  // Events must not cross the Internet in clear text.
  if (!isPrivateAllowed && !url.startsWith('https://')) problems.push(`${name}.url: must be https://…`);
  return problems;
}

function isTargetUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
}

/** Returns the targets and reads the setting again when it has changed; no targets without the setting. */
export const refreshingTargets = (reference: SecretReference | undefined) =>
  refreshingSetting('TARGETS', reference, parseTargets);

/** Returns the refreshing targets of the configured services. */
export const targetsOf = memoizeByStore(({ config }: { store: object; config: Pick<Config, 'targets'> }) =>
  refreshingTargets(config.targets),
);
