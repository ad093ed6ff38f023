/**
 * What the KMS behind this service cannot know when this service calls it with credentials of its own: which of our
 * callers asks. It sees one user, who may do all that any of them may; so the rules are kept here, as far as it tells
 * what they ask about.
 */
import { KmsError } from '../../errors.ts';
import { granteeOf } from '../../store/principals.ts';
import type { EventStore, Grant, Operation } from '../../store/store.ts';
import { type Act, MAY_CREATE, MAY_RETIRE, MAY_REVOKE, mayRetire, principalsOf } from '../authority.ts';

export interface Rules {
  /** @throws KmsError KMS.0306 */
  assertMayRevoke(act: Act, keyId: string): Promise<void>;
  /** @throws KmsError KMS.0306, KMS.2501 */
  assertMayRetire(act: Act, keyId: string, grantId: string): Promise<void>;
  /** @throws KmsError KMS.0306 */
  assertMayCreate(act: Act, keyId: string, operations: readonly Operation[]): Promise<void>;
  /** Of these grants, those that `assertMayRetire` would let the caller retire; the KMS lists them where it knows who asks. */
  retirable?(act: Act, grants: readonly Grant[]): Grant[];
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
  grantsOf: (act: Act, keyId: string) => Promise<Grant[]>,
): Rules {
  async function isAnothers({ caller, projectId }: Act, keyId: string): Promise<boolean> {
    const creator = await events.creatorOf(projectId, keyId);
    return creator !== undefined && creator !== caller.userId;
  }

  return {
    async assertMayRevoke(act, keyId) {
      if (await isAnothers(act, keyId)) throw new KmsError('KMS.0306', { detail: MAY_REVOKE });
    },

    async assertMayRetire(act, keyId, grantId) {
      const grant = (await grantsOf(act, keyId)).find((one) => one.grant_id === grantId);
      if (!grant) throw new KmsError('KMS.2501');
      if (!mayRetire(act, grant)) throw new KmsError('KMS.0306', { detail: MAY_RETIRE });
    },

    async assertMayCreate(act, keyId, operations) {
      if (!(await isAnothers(act, keyId))) return;
      const own = new Set<string>(principalsOf(act));
      const held = (await grantsOf(act, keyId)).filter((grant) => own.has(granteeOf(grant)));
      const isHeld = (operation: Operation) => held.some((grant) => grant.operations.includes(operation));
      if (!['create-grant' as const, ...operations].every(isHeld)) {
        throw new KmsError('KMS.0306', { detail: MAY_CREATE });
      }
    },

    retirable: (act, grants) => grants.filter((grant) => mayRetire(act, grant)),
  };
}
