/** Who may tell this service something, and whom it tells: the JSON that the setting HOOKS names. */
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

export interface HookSettings {
  sources: ReadonlyMap<string, Source>;
  targets: ReadonlyMap<string, Target>;
}

/** Read again when older: a secret that was replaced, or a source that was shut out, is noticed in this time. */
const KEEP_MS = 10_000;

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** Its path is another API's. */
const TAKEN = 'jobs';

const list = <T extends z.core.$ZodType>(item: T) => z.array(item).check(z.minLength(1), z.maxLength(100));
const name = z.string().check(z.regex(NAME), z.refine((text) => text !== TAKEN, `must not be ${TAKEN}`));
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
const FILE = z.strictObject({
  sources: z._default(z.record(name, source), {}),
  targets: z._default(z.record(name, target), {}),
});

/** Settings of hooks that are read again as they change. */
export function keptHookSettings(reference: Reference, now?: () => number): () => Promise<HookSettings> {
  const fresh = kept('HOOKS', async () => parseHookSettings(await readText(reference)), now);
  return () => fresh(KEEP_MS);
}

/** Nobody tells anything, and nobody is told. */
export const NO_HOOKS: HookSettings = { sources: new Map(), targets: new Map() };

/** @throws an error that names what is wrong and where, and never holds anything of a secret */
export function parseHookSettings(text: string): HookSettings {
  const { success, data, error } = z.safeParse(FILE, jsonIn(text));
  if (!success) throw new Error(`HOOKS cannot be used:\n${error.issues.map(faultOf).join('\n')}`);
  const sources = Object.entries(data.sources).map(([name, { kind, secrets, projects, actions }]) => {
    return [name, { name, kind, secrets, projectIds: projects, actions }] as const;
  });
  const targets = Object.entries(data.targets).map(([name, { url, secrets, projects, allow_private }]) => {
    return [name, { name, url, secrets, projectIds: projects, isPrivateAllowed: allow_private }] as const;
  });
  const faults = [...sources.flatMap(([, one]) => secretFaults(one)), ...targets.flatMap(([, one]) => targetFaults(one))];
  if (faults.length > 0) throw new Error(`HOOKS cannot be used:\n${faults.join('\n')}`);
  return { sources: new Map(sources), targets: new Map(targets) };
}

const faultOf = ({ path, message }: z.core.$ZodIssue) => `  ${path.join('.') || 'the text'}: ${message}`;

function secretFaults({ name, kind, secrets }: Source): string[] {
  return secrets.flatMap((secret, place) => {
    const fault = ADAPTERS[kind].secretFault(secret);
    return fault ? [`  sources.${name}.secrets.${place}: ${fault}`] : [];
  });
}

function targetFaults({ name, url, secrets, isPrivateAllowed }: Target): string[] {
  const faults = secrets.flatMap((secret, place) => {
    const fault = ADAPTERS.standard.secretFault(secret);
    return fault || !secret.startsWith('whsec_')
      ? [`  targets.${name}.secrets.${place}: must be whsec_ and base64 of 24 to 64 bytes`]
      : [];
  });
  // What is told is not for everybody on the way.
  if (!isPrivateAllowed && !url.startsWith('https://')) faults.push(`  targets.${name}.url: must be https://…`);
  return faults;
}

function isTargetUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
}
