/** Who is acting: the mapped principal of a person, with its rights as they are now. */
import type { RequestContext } from '../domain/request-context.ts';
import type { Actor } from './requests.ts';

/** A person whom an administrator mapped to a principal. */
export interface Person extends Actor {
  /** One for each project of the source in which the principal has a role now: who acts, where, with which roles. */
  contexts: readonly RequestContext[];
}
