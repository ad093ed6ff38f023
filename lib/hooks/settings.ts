/** Who may tell this service something, and whom it tells: the JSON that the settings HOOKS and TARGETS name. */
import * as z from 'zod/mini';
import { jsonIn } from '../json-in.ts';
import { kept, type Reference, readText } from '../outbound/kept.ts';
import { ADAPTERS, type Kind } from './adapters.ts';

/** What an event of a source may cause. */
export const ACTIONS = ['principal.disabled', 'grant.revoke', 'key.compromised'] as const;
export type ActionName = (typeof ACTIONS)[number];

/** Who may tell something. */
export interface Source {
  name: string;
  kind: Kind;
  /** Each of them is good: while one is being replaced there are two. */
  secrets: readonly string[];
  projectIds: readonly string[];
  actions: readonly ActionName[];
}

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

/** Read again when older: a secret that was replaced, or a source that was shut out, is noticed in this time. */
const KEEP_MS = 10_000;

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** Its path is another API's. */
const TAKEN = 'jobs';

const list = <T extends z.core.$ZodType>(item: T) => z.array(item).check(z.minLength(1), z.maxLength(100));
const name = z.string().check(
  z.regex(NAME),
  z.refine((text) => text !== TAKEN, `must not be ${TAKEN}`),
);
const projectIds = list(z.string().check(z.regex(/^[\w-]{1,64}$/)));
const secrets = z.array(z.string().check(z.minLength(1), z.maxLength(4096))).check(z.minLength(1), z.maxLength(10));

const source = z.strictObject({
  kind: z.enum(Object.keys(ADAPTERS) as [Kind, ...Kind[]]),
  secrets,
  projects: projectIds,
  actions: list(z.enum(ACTIONS)),
});
const target = z.strictObject({
  url: z.string().check(z.refine(isTargetUrl, 'must be https://…, or http://… with allow_private')),
  secrets,
  projects: z.optional(projectIds),
  allow_private: z._default(z.boolean(), false),
});
const SOURCES = z.record(name, source);
const TARGETS = z.record(name, target);

export type Sources = ReadonlyMap<string, Source>;
export type Targets = ReadonlyMap<string, Target>;

export interface HookSettings {
  targets: Targets;
}

/** What a setting names, read again as it changes; nobody where there is no such setting. */
function keptMap<T>(
  setting: string,
  reference: Reference | undefined,
  parse: (text: string) => ReadonlyMap<string, T>,
) {
  if (!reference) return async () => new Map<string, T>() as ReadonlyMap<string, T>;
  const fresh = kept(setting, async () => parse(await readText(reference)));
  return () => fresh(KEEP_MS);
}

/** Who may tell this service something. */
export const keptSources = (reference: Reference | undefined) => keptMap('HOOKS', reference, parseSources);
/** Whom it tells. */
export const keptTargets = (reference: Reference | undefined) => keptMap('TARGETS', reference, parseTargets);

/**
 * @param text JSON: each source by its name, with `kind`, `secrets`, `projects` and `actions`
 * @throws an error that names what is wrong and where, and never holds anything of a secret
 */
export function parseSources(text: string): Sources {
  const sources = Object.entries(parsed('HOOKS', SOURCES, text)).map(([name, { projects, ...source }]) => {
    return [name, { name, projectIds: projects, ...source }] as const;
  });
  assertFaultless(
    'HOOKS',
    sources.flatMap(([, one]) => secretFaults(one)),
  );
  return new Map(sources);
}

/**
 * @param text JSON: each target by its name, with `url` and `secrets`; `projects` and `allow_private` may be left out
 * @throws as parseSources
 */
export function parseTargets(text: string): Targets {
  const targets = Object.entries(parsed('TARGETS', TARGETS, text)).map(
    ([name, { projects, allow_private, ...target }]) => {
      return [name, { name, projectIds: projects, isPrivateAllowed: allow_private, ...target }] as const;
    },
  );
  assertFaultless(
    'TARGETS',
    targets.flatMap(([, one]) => targetFaults(one)),
  );
  return new Map(targets);
}

function parsed<T extends z.core.$ZodType>(setting: string, schema: T, text: string): z.output<T> {
  const result = z.safeParse(schema, jsonIn(text));
  if (!result.success) assertFaultless(setting, result.error.issues.map(faultOf));
  return result.data as z.output<T>;
}

function assertFaultless(setting: string, faults: readonly string[]): void {
  if (faults.length > 0) throw new Error([`${setting} cannot be used:`, ...faults].join('\n  '));
}

function faultOf(issue: z.core.$ZodIssue): string {
  // What is wrong with a name is told one level down.
  const [{ message } = issue] = issue.code === 'invalid_key' ? issue.issues : [];
  return `${issue.path.join('.') || 'the text'}: ${message}`;
}

function secretFaults({ name, kind, secrets }: Source): string[] {
  return secrets.flatMap((secret, place) => {
    const fault = ADAPTERS[kind].secretFault(secret);
    return fault ? [`${name}.secrets.${place}: ${fault}`] : [];
  });
}

function targetFaults({ name, url, secrets, isPrivateAllowed }: Target): string[] {
  const faults = secrets.flatMap((secret, place) => {
    const fault = ADAPTERS.standard.secretFault(secret);
    return fault || !secret.startsWith('whsec_')
      ? [`${name}.secrets.${place}: must be whsec_ and base64 of 24 to 64 bytes`]
      : [];
  });
  // What is told is not for everybody on the way.
  if (!isPrivateAllowed && !url.startsWith('https://')) faults.push(`${name}.url: must be https://…`);
  return faults;
}

function isTargetUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
}
