/** Whom this service tells of changes: the JSON that the setting TARGETS names. */
import * as z from 'zod/mini';
import type { SecretReference } from '../../clients/secrets.ts';
import { opened } from '../../services.ts';
import { webhookSecretProblem } from '../../signing/standard-webhooks.ts';
import { assertNoProblems, FIELDS, namedEntries, parseSetting, refreshingSetting } from '../named-settings.ts';

/** Who is told. */
export interface Target {
  name: string;
  url: string;
  /** `whsec_…`; each signs. */
  secrets: readonly string[];
  /** All when left out. */
  projectIds?: readonly string[] | undefined;
  /** Whether the address may be one that is not of the public Internet. */
  isPrivateAllowed: boolean;
}

export type Targets = ReadonlyMap<string, Target>;

const ADDRESS = 'must be https://…, or http://… with allow_private';

const TARGETS = namedEntries({
  url: z.string(ADDRESS).check(z.refine(isTargetUrl, ADDRESS)),
  secrets: FIELDS.secrets,
  projects: z.optional(FIELDS.projects),
  allow_private: z._default(z.boolean('must be true or false'), false),
});

/**
 * @param text JSON: each target by its name, with `url` and `secrets`; `projects` and `allow_private` may be left out
 * @throws an error that names what is wrong and where, and never holds anything of a secret
 */
export function parseTargets(text: string): Targets {
  const targets = Object.entries(parseSetting('TARGETS', TARGETS, text)).map(
    ([name, { projects, allow_private, ...target }]): Target => {
      return { name, projectIds: projects, isPrivateAllowed: allow_private, ...target };
    },
  );
  assertNoProblems('TARGETS', targets.flatMap(faultsOf));
  return new Map(targets.map((target) => [target.name, target]));
}

function faultsOf({ name, url, secrets, isPrivateAllowed }: Target): string[] {
  const faults = secrets.flatMap((secret, place) =>
    webhookSecretProblem(secret) || !secret.startsWith('whsec_')
      ? [`${name}.secrets.${place}: must be whsec_ and base64 of 24 to 64 bytes`]
      : [],
  );
  // What is told is not for everybody on the way.
  if (!isPrivateAllowed && !url.startsWith('https://')) faults.push(`${name}.url: must be https://…`);
  return faults;
}

function isTargetUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
}

/** Read again as they change; none where there is no setting. */
export const refreshingTargets = (reference: SecretReference | undefined) =>
  refreshingSetting('TARGETS', reference, parseTargets);

/** Those of the services. */
export const targetsOf = opened(({ config }) => refreshingTargets(config.targets));
