/**
 * The rules that this service enforces when it calls the upstream with its own credentials. The upstream then sees one
 * user for all callers, so it cannot check which caller may do what.
 */

import type { Grant, ListFailure, Operation } from '../../domain/model.ts';
import { granteeOf } from '../../domain/principals.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import type { EventStore } from '../../store/store.ts';
import { callerPrincipals, MAY_CREATE, MAY_RETIRE, MAY_REVOKE, mayRetire } from '../authority.ts';

/** The grants of a key that could be read, and what could not. */
export interface KeyGrants {
  grants: Grant[];
  failed: ListFailure[];
}

export interface Rules {
  /** @throws KmsError KMS.0306 */
  assertMayRevoke(context: RequestContext, keyId: string): Promise<void>;
  /** @throws KmsError KMS.0306, KMS.2501 */
  assertMayRetire(context: RequestContext, keyId: string, grantId: string): Promise<void>;
  /** @throws KmsError KMS.0306 */
  assertMayCreate(context: RequestContext, keyId: string, operations: readonly Operation[]): Promise<void>;
  /** The grants that the caller may retire. Absent if the upstream itself lists them for the caller. */
  retirable?(context: RequestContext, grants: readonly Grant[]): Grant[];
}

/** For forwarded caller tokens: the upstream knows the caller and checks every rule itself. */
export const NO_RULES: Rules = {
  assertMayRevoke: async () => undefined,
  assertMayRetire: async () => undefined,
  assertMayCreate: async () => undefined,
};

/**
 * The creator of a key is known from its create-key event, if the key was created through this service. The upstream
 * does not report creators, so for any other key a caller with the role may do what the service's own user may.
 * @param grantsOf lists all grants of a key
 */
export function serviceRules(
  events: Pick<EventStore, 'creatorOf'>,
  grantsOf: (context: RequestContext, keyId: string) => Promise<KeyGrants>,
): Rules {
  async function belongsToAnother({ caller, projectId }: RequestContext, keyId: string): Promise<boolean> {
    const creator = await events.creatorOf(projectId, keyId);
    return creator !== undefined && creator !== caller.userId;
  }

  return {
    async assertMayRevoke(context, keyId) {
      if (await belongsToAnother(context, keyId)) throw new KmsError('KMS.0306', { detail: MAY_REVOKE });
    },

    async assertMayRetire(context, keyId, grantId) {
      const { grants, failed } = await grantsOf(context, keyId);
      const grant = grants.find((one) => one.grant_id === grantId);
      // A grant that could not be read may be this one.
      if (!grant) throw failed[0]?.error ?? new KmsError('KMS.2501');
      if (!mayRetire(context, grant)) throw new KmsError('KMS.0306', { detail: MAY_RETIRE });
    },

    async assertMayCreate(context, keyId, operations) {
      if (!(await belongsToAnother(context, keyId))) return;
      const callers = new Set<string>(callerPrincipals(context));
      const { grants } = await grantsOf(context, keyId);
      const held = grants.filter((grant) => callers.has(granteeOf(grant)));
      const isHeld = (operation: Operation) => held.some((grant) => grant.operations.includes(operation));
      if (!['create-grant' as const, ...operations].every(isHeld)) {
        throw new KmsError('KMS.0306', { detail: MAY_CREATE });
      }
    },

    retirable: (context, grants) => grants.filter((grant) => mayRetire(context, grant)),
  };
}
