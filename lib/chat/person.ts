/** Who is acting: the mapped principal of a person, with its rights as they are now. */
import type { RequestContext } from '../domain/request-context.ts';
import type { ChatDependencies } from './dependencies.ts';
import type { Actor } from './requests.ts';
import type { ChatSource } from './source.ts';

/** A person whom an administrator mapped to a principal. */
export interface Person extends Actor {
  /** One for each project of the source in which the principal has a role now: who acts, where, with which roles. */
  contexts: readonly RequestContext[];
}

/** @returns undefined for a person who is not mapped to exactly one enabled principal */
export async function personOf(
  _dependencies: ChatDependencies,
  _source: ChatSource,
  _identity: string,
  _requestId: string,
): Promise<Person | undefined> {
  throw new Error('not built');
}
