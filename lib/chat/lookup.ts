/** Finds what people name in commands: keys, grants and people, within what they may see. */
import type { Grant } from '../domain/model.ts';
import type { RequestContext } from '../domain/request-context.ts';
import type { PersonName } from './command.ts';
import type { ChatDependencies } from './dependencies.ts';
import type { Sender } from './platform.ts';
import type { ChatSource } from './source.ts';

export type Lookup<T> =
  | { result: 'found'; found: T }
  | { result: 'absent' }
  /** `candidates` are what to type instead. */
  | { result: 'ambiguous'; candidates: readonly string[] };

export interface FoundKey {
  /** Of the project that has the key. */
  context: RequestContext;
  keyId: string;
  /** Its alias, or its id where there is none. */
  label: string;
}

/** @param contexts of the projects in which the person has the permission that the command needs */
export async function findKey(
  _dependencies: Pick<ChatDependencies, 'authority' | 'store'>,
  _contexts: readonly RequestContext[],
  _name: string,
): Promise<Lookup<FoundKey>> {
  throw new Error('not built');
}

/** @param key where absent, the grants of all keys are searched */
export async function findGrant(
  _dependencies: Pick<ChatDependencies, 'authority' | 'store'>,
  _contexts: readonly RequestContext[],
  _key: FoundKey | undefined,
  _prefix: string,
): Promise<Lookup<{ context: RequestContext; grant: Grant }>> {
  throw new Error('not built');
}

/** @returns all principals of the person, and what to call the person */
export async function findPrincipals(
  _dependencies: Pick<ChatDependencies, 'store'>,
  _source: ChatSource,
  _sender: Sender,
  _name: PersonName,
): Promise<Lookup<{ principals: readonly string[]; label: string }>> {
  throw new Error('not built');
}
