/**
 * What the KMS behind this service cannot know when this service calls it with credentials of its own: which of our
 * callers asks. It sees one user, who may do all that any of them may; so the rules are kept here, as far as it tells
 * what they ask about.
 */

import type { Grant, Operation } from '../../domain/model.ts';
import { granteeOf } from '../../domain/principals.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import type { EventStore } from '../../store/store.ts';
import { callerPrincipals, MAY_CREATE, MAY_RETIRE, MAY_REVOKE, mayRetire } from '../authority.ts';

export interface Rules {
  /** @throws KmsError KMS.0306 */
  assertMayRevoke(context: RequestContext, keyId: string): Promise<void>;
  /** @throws KmsError KMS.0306, KMS.2501 */
  assertMayRetire(context: RequestContext, keyId: string, grantId: string): Promise<void>;
  /** @throws KmsError KMS.0306 */
  assertMayCreate(context: RequestContext, keyId: string, operations: readonly Operation[]): Promise<void>;
  /** Of these grants, those that `assertMayRetire` would let the caller retire; the KMS lists them where it knows who asks. */
  retirable?(context: RequestContext, grants: readonly Grant[]): Grant[];
}

/** Where the caller's own token is passed on, the KMS knows who asks. */
export const NO_RULES: Rules = {
  assertMayRevoke: async () => undefined,
  assertMayRetire: async () => undefined,
  assertMayCreate: async () => undefined,
};

/**
 * A key that was made through this service has the creator that the event of its making names. Of any other key the KMS
 * does not tell the creator: there, whoever has the role may do what the service's own user may.
 * @param grantsOf all grants of a key
 */
export function serviceRules(
  events: Pick<EventStore, 'creatorOf'>,
  grantsOf: (context: RequestContext, keyId: string) => Promise<Grant[]>,
): Rules {
  async function isAnothers({ caller, projectId }: RequestContext, keyId: string): Promise<boolean> {
    const creator = await events.creatorOf(projectId, keyId);
    return creator !== undefined && creator !== caller.userId;
  }

  return {
    async assertMayRevoke(context, keyId) {
      if (await isAnothers(context, keyId)) throw new KmsError('KMS.0306', { detail: MAY_REVOKE });
    },

    async assertMayRetire(context, keyId, grantId) {
      const grant = (await grantsOf(context, keyId)).find((one) => one.grant_id === grantId);
      if (!grant) throw new KmsError('KMS.2501');
      if (!mayRetire(context, grant)) throw new KmsError('KMS.0306', { detail: MAY_RETIRE });
    },

    async assertMayCreate(context, keyId, operations) {
      if (!(await isAnothers(context, keyId))) return;
      const own = new Set<string>(callerPrincipals(context));
      const held = (await grantsOf(context, keyId)).filter((grant) => own.has(granteeOf(grant)));
      const isHeld = (operation: Operation) => held.some((grant) => grant.operations.includes(operation));
      if (!['create-grant' as const, ...operations].every(isHeld)) {
        throw new KmsError('KMS.0306', { detail: MAY_CREATE });
      }
    },

    retirable: (context, grants) => grants.filter((grant) => mayRetire(context, grant)),
  };
}
