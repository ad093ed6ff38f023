import { newGrantId, newKeyId } from '../../domain/ids.ts';
import { type Grant, KEY_STATE, type Key, type KeyStatus, type Operation, type Principal } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import type { Change, HeldOperation, Store } from '../../store/store.ts';
import { type Authority, callerPrincipals, MAY_CREATE, MAY_RETIRE, MAY_REVOKE, mayRetire } from '../authority.ts';
import { changeCommitter } from './commit-change.ts';
import { pageCache } from './page-cache.ts';

export interface StandaloneSettings {
  grantsPerKey: number;
  keysPerProject: number;
  /**
   * Bound on the cached text of pages; 0 for a store whose reads may see a transaction partly applied, where a page can
   * be older than the revision read with it.
   */
  pageCacheChars: number;
  now: () => number;
}

export type Standalone = ReturnType<typeof standalone>;

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The authority that stores keys and grants itself and enforces the rules of the KMS. The store checks the conditions
 * again when it writes a change.
 */
export function standalone(store: Store, settings: StandaloneSettings) {
  const { grantsPerKey, keysPerProject, pageCacheChars, now } = settings;
  const { grants } = store;
  const commitChange = changeCommitter(store, now);
  const pages = pageCache(pageCacheChars);

  async function existingKey(context: RequestContext, keyId: string): Promise<Key> {
    const key = await grants.key(context.projectId, keyId);
    if (!key) throw new KmsError('KMS.0207');
    return key;
  }

  async function existingGrant(context: RequestContext, keyId: string, grantId: string): Promise<Grant> {
    const grant = await grants.grant(context.projectId, grantId);
    if (!grant) throw new KmsError('KMS.2501');
    if (grant.key_id !== keyId) throw new KmsError('KMS.2502');
    return grant;
  }

  /** @param assertMayChange throws when the key's present state does not allow the change */
  function changeKeyState(
    context: RequestContext,
    keyId: string,
    assertMayChange: (key: Key) => void,
    to: () => KeyStatus,
  ): Promise<Key> {
    const decide = async () => {
      const key = await existingKey(context, keyId);
      assertMayChange(key);
      const { state, deletionAtMs } = key;
      const status = to();
      const change: Change = { kind: 'update-key', keyId, from: { state, deletionAtMs }, to: status };
      return { change, answer: { ...key, ...status } };
    };
    return commitChange(context, decide, async ({ state, deletionAtMs }) => {
      const key = await grants.key(context.projectId, keyId);
      return key?.state === state && key.deletionAtMs === deletionAtMs;
    });
  }

  /** @param findGrant throws when the caller may not remove the grant, or when it does not exist */
  function removeGrant(context: RequestContext, grantId: string, findGrant: () => Promise<Grant>): Promise<object> {
    const decide = async () => {
      const change: Change = { kind: 'remove-grant', grant: await findGrant() };
      return { change, answer: {} };
    };
    return commitChange(context, decide, async () => !(await grants.grant(context.projectId, grantId)));
  }

  return {
    createGrant(context, input) {
      const { keyId, operations } = input;
      const decide = async () => {
        let key = await existingKey(context, keyId);
        const held =
          key.creator === context.caller.userId
            ? undefined
            : await grants.heldOperations(keyId, callerPrincipals(context));
        // Read again after `held`: a key disabled before the caller's grant was revoked is refused as disabled.
        if (held) key = await existingKey(context, keyId);
        assertEnabled(key);
        const delegation = held && delegated(held, operations);
        if (key.grantCount >= grantsPerKey) throw new KmsError('KMS.2404');
        const createdAtMs = now();
        const grant: Grant = {
          key_id: keyId,
          grant_id: newGrantId(createdAtMs),
          name: input.name,
          grantee_principal: input.grantee,
          grantee_principal_type: input.granteeType,
          operations,
          issuing_principal: context.caller.userId,
          retiring_principal: input.retiringPrincipal,
          creation_date: String(createdAtMs),
        };
        const change: Change = { kind: 'create-grant', grant, quota: grantsPerKey, delegation };
        return { change, answer: { grant_id: grant.grant_id } };
      };
      return commitChange(context, decide, async ({ grant_id }) => {
        const grant = await grants.grant(context.projectId, grant_id);
        return grant?.key_id === keyId;
      });
    },

    revokeGrant(context, keyId, grantId) {
      return removeGrant(context, grantId, async () => {
        const key = await existingKey(context, keyId);
        if (key.creator !== context.caller.userId) throw new KmsError('KMS.0306', { detail: MAY_REVOKE });
        return existingGrant(context, keyId, grantId);
      });
    },

    retireGrant(context, keyId, grantId) {
      return removeGrant(context, grantId, async () => {
        await existingKey(context, keyId);
        const grant = await existingGrant(context, keyId, grantId);
        if (!mayRetire(context, grant)) throw new KmsError('KMS.0306', { detail: MAY_RETIRE });
        return grant;
      });
    },

    async listGrants(context, keyId, filter, page) {
      const key = await existingKey(context, keyId);
      return pages.get(key, filter, page) ?? pages.put(key, filter, page, await grants.listGrants(key, filter, page));
    },

    listRetirableGrants(context, page) {
      const [user, domain] = callerPrincipals(context);
      return grants.listRetirable(context.projectId, user, domain, page);
    },

    listPrincipalGrants: (context, grantee, page) => grants.listByGrantee(context.projectId, grantee, page),

    issuedGrants: (context, userId) => grants.issuedBy(context.projectId, userId),

    revokeAny: (context, { key_id: keyId, grant_id: grantId }) =>
      removeGrant(context, grantId, () => existingGrant(context, keyId, grantId)),

    async hasGrant(context, { key_id: keyId, grant_id: grantId }) {
      const grant = await grants.grant(context.projectId, grantId);
      return grant?.key_id === keyId;
    },

    createKey(context, input) {
      const decide = async () => {
        // Count first: if another request takes both the alias and the last key of the quota, the alias is refused.
        const count = await grants.keyCount(context.projectId);
        if (await grants.keyByAlias(context.projectId, input.alias)) throw new KmsError('KMS.1104');
        if (count >= keysPerProject) throw new KmsError('KMS.1105');
        const createdAtMs = now();
        const key: Key = {
          ...input,
          keyId: newKeyId(createdAtMs),
          projectId: context.projectId,
          domainId: context.caller.domainId,
          creator: context.caller.userId,
          state: KEY_STATE.enabled,
          createdAtMs,
          deletionAtMs: 0,
          grantCount: 0,
          revision: 0,
        };
        const change: Change = { kind: 'create-key', key, quota: keysPerProject };
        return { change, answer: key };
      };
      return commitChange(context, decide, async ({ keyId }) => {
        const key = await grants.key(context.projectId, keyId);
        return key !== undefined;
      });
    },

    describeKey: existingKey,

    listKeys: (context, filter, page) => grants.listKeys(context.projectId, filter, page),

    enableKey: (context, keyId) =>
      changeKeyState(
        context,
        keyId,
        (key) => assertState(key, KEY_STATE.disabled, 'KMS.1201'),
        () => ({ state: KEY_STATE.enabled, deletionAtMs: 0 }),
      ),

    disableKey: (context, keyId) =>
      changeKeyState(
        context,
        keyId,
        (key) => assertState(key, KEY_STATE.enabled, 'KMS.1301'),
        () => ({ state: KEY_STATE.disabled, deletionAtMs: 0 }),
      ),

    scheduleKeyDeletion: (context, keyId, pendingDays) =>
      changeKeyState(
        context,
        keyId,
        (key) => {
          if (key.state === KEY_STATE.pendingDeletion) throw new KmsError('KMS.1402');
        },
        () => ({ state: KEY_STATE.pendingDeletion, deletionAtMs: now() + pendingDays * DAY_MS }),
      ),

    cancelKeyDeletion: (context, keyId) =>
      changeKeyState(
        context,
        keyId,
        (key) => {
          if (key.state !== KEY_STATE.pendingDeletion) throw new KmsError('KMS.1501');
          if (key.deletionAtMs <= now()) throw new KmsError('KMS.0210');
        },
        () => ({ state: KEY_STATE.disabled, deletionAtMs: 0 }),
      ),
  } satisfies Authority;
}

/** The held operations that allow the caller to delegate `operations`. @throws KmsError KMS.0306 */
function delegated(held: ReadonlyMap<Operation, Principal>, operations: readonly Operation[]): HeldOperation[] {
  return (['create-grant', ...operations] as const).map((operation) => {
    const holder = held.get(operation);
    if (!holder) throw new KmsError('KMS.0306', { detail: MAY_CREATE });
    return { holder, operation };
  });
}

function assertEnabled(key: Key): void {
  if (key.state === KEY_STATE.disabled) throw new KmsError('KMS.0209');
  if (key.state === KEY_STATE.pendingDeletion) throw new KmsError('KMS.0210');
}

function assertState(key: Key, state: Key['state'], code: 'KMS.1201' | 'KMS.1301'): void {
  if (key.state !== state) throw new KmsError(code);
}
