import type * as z from 'zod/mini';
import { atOnce } from '../at-once.ts';
import type { UpstreamSettings } from '../config.ts';
import { KmsError } from '../errors.ts';
import type { KeyDetails } from '../key-details.ts';
import { type Grant, type GrantRef, KEY_STATE, type KeyState, type Store } from '../store/store.ts';
import type { Act, Authority, GrantAsk } from './authority.ts';
import { onceKeyOf } from './once.ts';
import {
  describedKey,
  grantPage,
  keyPage,
  madeGrant,
  madeKey,
  movedKey,
  nothing,
  stateOf,
} from './upstream/answers.ts';
import { upstreamChanger } from './upstream/change.ts';
import { type Course, MAY_BE_MADE, openCloud } from './upstream/cloud.ts';
import { allPages, next, pageFields, pageOf, pageOfAll } from './upstream/pages.ts';
import { NO_RULES, type Rules, serviceRules } from './upstream/rules.ts';

/**
 * How a second time is refused, for each change that can be done only once. Of a grant, that it is not there is just what
 * was asked for; of a key, that it is in another state than this change starts from, so its state is looked at then.
 */
const WORKED = {
  'revoke-grant': 'KMS.2501',
  'retire-grant': 'KMS.2501',
  'enable-key': 'KMS.1201',
  'disable-key': 'KMS.1301',
  'schedule-key-deletion': 'KMS.1402',
  'cancel-key-deletion': 'KMS.1501',
} as const;

/**
 * Another KMS is right about keys and grants: every method ends in calls there. What it refuses is refused here with its
 * own code; what it does leaves an event here.
 * @param now ms since 1970
 * @param isOneMachines whether all processes that share the store are on this machine
 */
export function upstream(
  { events, seen }: Pick<Store, 'events' | 'seen'>,
  settings: UpstreamSettings,
  { now, isOneMachines }: { now: () => number; isOneMachines: boolean },
): Authority {
  const cloud = openCloud(settings, now);
  const change = upstreamChanger({ events, seen }, { timeoutMs: settings.timeoutMs, now, isOneMachines });
  const rules = settings.credentials === 'caller' ? NO_RULES : serviceRules(events, allGrants);

  async function read<T extends z.core.$ZodType>(act: Act, api: string, fields: object, answer: T) {
    const told = await cloud.ask(act, { api, fields, answer, isRepeatable: true });
    return told.answer as z.output<T>;
  }

  /** A change that can be done only once. */
  const once =
    <T extends z.core.$ZodType>(act: Act, api: keyof typeof WORKED, fields: object, answer: T) =>
    (course: Course) =>
      cloud.ask(act, { api, fields, answer, isRepeatable: true, workedCode: WORKED[api] }, course);

  const grantsOfKey = (act: Act, keyId: string) => async (fields: object) => {
    const page = await read(act, 'list-grants', { key_id: keyId, ...fields }, grantPage);
    if (page.grants.every((grant) => grant.key_id === keyId)) return page;
    throw new KmsError('APIGW.0201:502', {
      cause: new Error("the KMS behind this service lists another key's grants"),
    });
  };
  const retirableGrants = (act: Act) => (fields: object) => read(act, 'list-retirable-grants', fields, grantPage);

  function allGrants(act: Act, keyId: string): Promise<Grant[]> {
    return allPages(grantsOfKey(act, keyId), ({ grants }) => grants);
  }

  /** What a grantee holds: the documented API cannot ask for it, so every key is looked at. */
  async function grantsOfGrantee(act: Act, grantee: string): Promise<Grant[]> {
    const listKeys = (fields: object) => read(act, 'list-keys', { key_spec: 'ALL', ...fields }, keyPage);
    const keyIds = await allPages(listKeys, ({ key_details }) => key_details.map(({ key_id }) => key_id));
    const lists = await atOnce(keyIds, KEYS_AT_ONCE, (keyId) => allGrants(act, keyId).catch(noneOfGone));
    const held = lists.flat().filter((grant) => grant.grantee_principal === grantee);
    return held.sort((one, other) => (one.grant_id < other.grant_id ? -1 : 1));
  }

  /** @param assertMay checks what is to be checked here before anything is sent */
  function removeGrant(
    act: Act,
    api: 'revoke-grant' | 'retire-grant',
    listed: GrantRef,
    assertMay: Rules['assertMayRetire'],
  ) {
    const { key_id: keyId, grant_id: grantId } = listed;
    const send = once(act, api, { key_id: keyId, grant_id: grantId }, nothing);
    let grant: Grant | undefined;
    return change(act, {
      target: `key ${keyId} grant ${grantId}`,
      workedCode: WORKED[api],
      async send(course) {
        await assertMay(act, keyId, grantId);
        grant = 'operations' in listed ? listed : await knownGrant(act, grantId);
        return send(course);
      },
      answerOf: () => ({}),
      eventOf: () => ({ keyId, grantId, grant }),
    });
  }

  /** The grant, where it was made through this service; of others only the id is known. */
  async function knownGrant({ projectId }: Act, grantId: string): Promise<Grant | undefined> {
    const [newest] = await events.list(projectId, { grantId }, 1);
    return newest?.grant;
  }

  function moveKey(act: Act, api: keyof typeof WORKED, keyId: string, state: KeyState, pendingDays?: number) {
    const fields = { key_id: keyId, ...(pendingDays && { pending_days: String(pendingDays) }) };
    const send = once(act, api, fields, movedKey(keyId));
    return change(act, {
      target: `key ${keyId}`,
      workedCode: WORKED[api],
      send,
      async isAsAsked() {
        const { key_info } = await read(act, 'describe-key', { key_id: keyId }, describedKey(keyId));
        return key_info.key_state === state && (pendingDays === undefined || isIn(pendingDays, key_info, now()));
      },
      answerOf: (told) => ({ keyId, state: told ? stateOf(told) : state }),
      eventOf: () => ({ keyId }),
    });
  }

  /** As far as it is known here: for the KMS its date is another, and its issuer whoever called it. */
  function grantMade({ caller }: Act, ask: GrantAsk, grant_id: string): Grant {
    return { ...grantFields(ask), grant_id, issuing_principal: caller.userId, creation_date: String(now()) };
  }

  return {
    createGrant: (act, ask) =>
      change(act, {
        target: `request ${onceKeyOf(act) ?? act.requestId}`,
        async send(course) {
          // The same request again, of which nobody knows whether it has made one: another would be one too many.
          if (course.isDoubtful) throw new KmsError('APIGW.0201:502', { detail: MAY_BE_MADE });
          await rules.assertMayCreate(act, ask.keyId, ask.operations);
          const asked = { api: 'create-grant', fields: grantFields(ask), answer: madeGrant, isRepeatable: false };
          return cloud.ask(act, asked, course);
        },
        answerOf: (told) => ({ grant_id: told?.grant_id ?? '' }),
        eventOf: (told) => ({ keyId: ask.keyId, grant: grantMade(act, ask, told?.grant_id ?? '') }),
      }),

    revokeGrant: (act, keyId, grantId) =>
      removeGrant(act, 'revoke-grant', { key_id: keyId, grant_id: grantId }, rules.assertMayRevoke),
    retireGrant: (act, keyId, grantId) =>
      removeGrant(act, 'retire-grant', { key_id: keyId, grant_id: grantId }, rules.assertMayRetire),
    // An administrator's act: whose key it is does not matter here.
    revokeAny: (act, listed) => removeGrant(act, 'revoke-grant', listed, NO_RULES.assertMayRetire),

    async listGrants(act, keyId, { grantee }, page) {
      if (grantee === undefined) return pageOf(await grantsOfKey(act, keyId)(pageFields(page)));
      // The documented API cannot ask for a grantee.
      const held = (await allGrants(act, keyId)).filter((grant) => grant.grantee_principal === grantee);
      return pageOfAll(held, page);
    },

    async listRetirableGrants(act, page) {
      if (!rules.retirable) return pageOf(await retirableGrants(act)(pageFields(page)));
      return pageOfAll(rules.retirable(act, await allPages(retirableGrants(act), ({ grants }) => grants)), page);
    },

    listPrincipalGrants: async (act, grantee, page) => pageOfAll(await grantsOfGrantee(act, grantee), page),

    createKey: (act, { alias, description, keySpec, keyUsage }) =>
      change(act, {
        target: `alias ${alias}`,
        send: (course) =>
          cloud.ask(
            act,
            {
              api: 'create-key',
              fields: {
                key_alias: alias,
                key_description: description || undefined,
                key_spec: keySpec,
                key_usage: keyUsage,
              },
              answer: madeKey,
              isRepeatable: false,
            },
            course,
          ),
        answerOf: (told) => ({ keyId: told?.key_info.key_id ?? '', domainId: told?.key_info.domain_id ?? '' }),
        eventOf: (told) => ({ keyId: told?.key_info.key_id ?? '' }),
      }),

    async describeKey(act, keyId) {
      const { key_info: details } = await read(act, 'describe-key', { key_id: keyId }, describedKey(keyId));
      return { details };
    },

    async listKeys(act, { state, keySpec = 'ALL' }, page) {
      const fields = { key_state: state, key_spec: keySpec, ...pageFields(page) };
      const { key_details, total = key_details.length, ...end } = await read(act, 'list-keys', fields, keyPage);
      return { keys: key_details.map((details) => ({ details })), total, next: next(end) };
    },

    enableKey: (act, keyId) => moveKey(act, 'enable-key', keyId, KEY_STATE.enabled),
    disableKey: (act, keyId) => moveKey(act, 'disable-key', keyId, KEY_STATE.disabled),
    scheduleKeyDeletion: (act, keyId, pendingDays) =>
      moveKey(act, 'schedule-key-deletion', keyId, KEY_STATE.pendingDeletion, pendingDays),
    cancelKeyDeletion: (act, keyId) => moveKey(act, 'cancel-key-deletion', keyId, KEY_STATE.disabled),
  };
}

/** Lists that are asked for side by side; the rate holds them back further. */
const KEYS_AT_ONCE = 32;

/** A key that went after it was listed has no grants. */
function noneOfGone(error: unknown): Grant[] {
  if (error instanceof KmsError && error.wireCode === 'KMS.0207') return [];
  throw error;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Whether the key is to be deleted in so many days, give or take one. */
function isIn(days: number, { scheduled_deletion_date: date }: KeyDetails, nowMs: number): boolean {
  return Math.abs(Number(date) - (nowMs + days * DAY_MS)) <= DAY_MS;
}

/** What create-grant asks for, by its own names. */
function grantFields({ keyId, grantee, granteeType, operations, name, retiringPrincipal }: GrantAsk) {
  return {
    key_id: keyId,
    name,
    grantee_principal: grantee,
    grantee_principal_type: granteeType,
    operations,
    retiring_principal: retiringPrincipal,
  };
}
