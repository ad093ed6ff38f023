/** The rules for two people: when a second one is needed, and who may do what with a request. */
import type { ApprovalRule } from '../config.ts';
import type { Reader } from './dependencies.ts';
import type { Person } from './person.ts';
import type { Place } from './platform.ts';
import type { ChatRequest } from './requests.ts';
import type { ChatSource } from './source.ts';
import { type FoundTarget, mayRevoke, type Target } from './target.ts';

/** How many people a revocation needs: the most that any matching rule asks for, and one without such a rule. */
export function peopleNeeded(
  rules: readonly ApprovalRule[],
  action: 'revoke' | 'revoke-all',
  grantCount: number,
): 1 | 2 {
  const matching = rules.filter(
    (rule) => (rule.action ?? action) === action && grantCount > (rule.grantsAbove ?? Number.NEGATIVE_INFINITY),
  );
  return matching.some(({ people }) => people === 2) ? 2 : 1;
}

/** How many grants may go at most: the list of a person's grants that could not be read may hold any number. */
export const grantsAtMost = (
  { grantId }: Target,
  { grants, failed }: Pick<FoundTarget, 'grants' | 'failed'>,
): number => (grantId === undefined && failed.length > 0 ? Number.POSITIVE_INFINITY : grants.length);

/** Whether a second person can approve here: nobody else is in a direct conversation. */
export const canBeApproved = ({ mayApprove }: ChatSource, { isDirect }: Place): boolean => mayApprove && !isDirect;

export const isRequester = (person: Person, { requester }: ChatRequest): boolean =>
  person.principal === requester.principal;

/** Whether the person may approve it as far as the request itself tells; the rights are checked besides. */
export const isSecondPerson = (person: Person, { requester }: ChatRequest): boolean =>
  person.principal !== requester.principal && person.identity !== requester.identity;

/**
 * The requester may cancel, and everyone who could carry it out, but not the person whose grants would go: that person
 * would keep the access by it.
 */
export async function mayCancel(reader: Reader, person: Person, request: ChatRequest): Promise<boolean> {
  if (isRequester(person, request)) return true;
  if (request.target.grantees?.includes(person.principal)) return false;
  return isSecondPerson(person, request) && mayRevoke(reader, person, request.target);
}
