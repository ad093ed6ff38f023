import type * as z from 'zod/mini';
import type { UpstreamSettings } from '../../config.ts';
import { type Grant, type GrantRef, KEY_STATE, type KeyDetails, type KeyState } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import { idempotencyKeyOf } from '../../idempotency/key.ts';
import type { Store } from '../../store/store.ts';
import { mapWithConcurrency } from '../../util/concurrency.ts';
import type { Authority, CreateGrantInput } from '../authority.ts';
import { NO_RULES, type Rules, serviceRules } from './access-rules.ts';
import { upstreamChanger } from './change.ts';
import { type ChangeProgress, MAY_HAVE_BEEN_CREATED, upstreamClient } from './client.ts';
import { allPages, grantPageOf, nextMarkerOf, pageFields, pageOfFiltered } from './pages.ts';
import {
  changedKey,
  createdGrant,
  createdKey,
  describedKey,
  emptyObject,
  grantPage,
  keyPage,
  stateOf,
} from './response-schemas.ts';

/**
 * How a second time is refused, for each change that can be done only once. Of a grant, that it is not there is just what
 * was asked for; of a key, that it is in another state than this change starts from, so its state is looked at then.
 */
const ALREADY_DONE_CODES = {
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
 * @param isSingleHost whether all processes that share the store are on this machine
 */
export function upstream(
  { events, idempotency }: Pick<Store, 'events' | 'idempotency'>,
  settings: UpstreamSettings,
  { now, isSingleHost }: { now: () => number; isSingleHost: boolean },
): Authority {
  const cloud = upstreamClient(settings, now);
  const change = upstreamChanger({ events, idempotency }, { timeoutMs: settings.timeoutMs, now, isSingleHost });
  const rules = settings.credentials === 'caller' ? NO_RULES : serviceRules(events, allGrants);

  async function read<T extends z.core.$ZodType>(context: RequestContext, api: string, fields: object, answer: T) {
    const told = await cloud.call(context, { api, fields, answer, isRepeatable: true });
    return told.answer as z.output<T>;
  }

  /** A change that can be done only once. */
  const once =
    <T extends z.core.$ZodType>(
      context: RequestContext,
      api: keyof typeof ALREADY_DONE_CODES,
      fields: object,
      answer: T,
    ) =>
    (course: ChangeProgress) =>
      cloud.call(
        context,
        { api, fields, answer, isRepeatable: true, alreadyDoneCode: ALREADY_DONE_CODES[api] },
        course,
      );

  const grantsOfKey = (context: RequestContext, keyId: string) => async (fields: object) => {
    const page = await read(context, 'list-grants', { key_id: keyId, ...fields }, grantPage);
    if (page.grants.every((grant) => grant.key_id === keyId)) return page;
    throw new KmsError('APIGW.0201:502', {
      cause: new Error("the KMS behind this service lists another key's grants"),
    });
  };
  const retirableGrants = (context: RequestContext) => (fields: object) =>
    read(context, 'list-retirable-grants', fields, grantPage);

  function allGrants(context: RequestContext, keyId: string): Promise<Grant[]> {
    return allPages(grantsOfKey(context, keyId), ({ grants }) => grants);
  }

  /** What a grantee holds: the documented API cannot ask for it, so every key is looked at. */
  async function grantsOfGrantee(context: RequestContext, grantee: string): Promise<Grant[]> {
    const listKeys = (fields: object) => read(context, 'list-keys', { key_spec: 'ALL', ...fields }, keyPage);
    const keyIds = await allPages(listKeys, ({ key_details }) => key_details.map(({ key_id }) => key_id));
    const lists = await mapWithConcurrency(keyIds, KEYS_AT_ONCE, (keyId) =>
      allGrants(context, keyId).catch(noneOfGone),
    );
    const held = lists.flat().filter((grant) => grant.grantee_principal === grantee);
    return held.sort((one, other) => (one.grant_id < other.grant_id ? -1 : 1));
  }

  /** @param assertMay checks what is to be checked here before anything is sent */
  function removeGrant(
    context: RequestContext,
    api: 'revoke-grant' | 'retire-grant',
    listed: GrantRef,
    assertMay: Rules['assertMayRetire'],
  ) {
    const { key_id: keyId, grant_id: grantId } = listed;
    const send = once(context, api, { key_id: keyId, grant_id: grantId }, emptyObject);
    let grant: Grant | undefined;
    return change(context, {
      target: `key ${keyId} grant ${grantId}`,
      alreadyDoneCode: ALREADY_DONE_CODES[api],
      async send(course) {
        await assertMay(context, keyId, grantId);
        grant = 'operations' in listed ? listed : await knownGrant(context, grantId);
        return send(course);
      },
      answerOf: () => ({}),
      eventOf: () => ({ keyId, grantId, grant }),
    });
  }

  /** The grant, where it was made through this service; of others only the id is known. */
  async function knownGrant({ projectId }: RequestContext, grantId: string): Promise<Grant | undefined> {
    const [newest] = await events.list(projectId, { grantId }, 1);
    return newest?.grant;
  }

  function moveKey(
    context: RequestContext,
    api: keyof typeof ALREADY_DONE_CODES,
    keyId: string,
    state: KeyState,
    pendingDays?: number,
  ) {
    const fields = { key_id: keyId, ...(pendingDays && { pending_days: String(pendingDays) }) };
    const send = once(context, api, fields, changedKey(keyId));
    return change(context, {
      target: `key ${keyId}`,
      alreadyDoneCode: ALREADY_DONE_CODES[api],
      send,
      async isInRequestedState() {
        const { key_info } = await read(context, 'describe-key', { key_id: keyId }, describedKey(keyId));
        return key_info.key_state === state && (pendingDays === undefined || isIn(pendingDays, key_info, now()));
      },
      answerOf: (told) => ({ keyId, state: told ? stateOf(told) : state }),
      eventOf: () => ({ keyId }),
    });
  }

  /** As far as it is known here: for the KMS its date is another, and its issuer whoever called it. */
  function grantMade({ caller }: RequestContext, ask: CreateGrantInput, grant_id: string): Grant {
    return { ...grantFields(ask), grant_id, issuing_principal: caller.userId, creation_date: String(now()) };
  }

  return {
    createGrant: (context, ask) =>
      change(context, {
        target: `request ${idempotencyKeyOf(context) ?? context.requestId}`,
        async send(course) {
          // The same request again, of which nobody knows whether it has made one: another would be one too many.
          if (course.isUncertain) throw new KmsError('APIGW.0201:502', { detail: MAY_HAVE_BEEN_CREATED });
          await rules.assertMayCreate(context, ask.keyId, ask.operations);
          const asked = { api: 'create-grant', fields: grantFields(ask), answer: createdGrant, isRepeatable: false };
          return cloud.call(context, asked, course);
        },
        answerOf: (told) => ({ grant_id: told?.grant_id ?? '' }),
        eventOf: (told) => ({ keyId: ask.keyId, grant: grantMade(context, ask, told?.grant_id ?? '') }),
      }),

    revokeGrant: (context, keyId, grantId) =>
      removeGrant(context, 'revoke-grant', { key_id: keyId, grant_id: grantId }, rules.assertMayRevoke),
    retireGrant: (context, keyId, grantId) =>
      removeGrant(context, 'retire-grant', { key_id: keyId, grant_id: grantId }, rules.assertMayRetire),
    // An administrator's act: whose key it is does not matter here.
    revokeAny: (context, listed) => removeGrant(context, 'revoke-grant', listed, NO_RULES.assertMayRetire),

    async listGrants(context, keyId, { grantee }, page) {
      if (grantee === undefined) return grantPageOf(await grantsOfKey(context, keyId)(pageFields(page)));
      // The documented API cannot ask for a grantee.
      const held = (await allGrants(context, keyId)).filter((grant) => grant.grantee_principal === grantee);
      return pageOfFiltered(held, page);
    },

    async listRetirableGrants(context, page) {
      if (!rules.retirable) return grantPageOf(await retirableGrants(context)(pageFields(page)));
      return pageOfFiltered(
        rules.retirable(context, await allPages(retirableGrants(context), ({ grants }) => grants)),
        page,
      );
    },

    listPrincipalGrants: async (context, grantee, page) =>
      pageOfFiltered(await grantsOfGrantee(context, grantee), page),

    createKey: (context, { alias, description, keySpec, keyUsage }) =>
      change(context, {
        target: `alias ${alias}`,
        send: (course) =>
          cloud.call(
            context,
            {
              api: 'create-key',
              fields: {
                key_alias: alias,
                key_description: description || undefined,
                key_spec: keySpec,
                key_usage: keyUsage,
              },
              answer: createdKey,
              isRepeatable: false,
            },
            course,
          ),
        answerOf: (told) => ({ keyId: told?.key_info.key_id ?? '', domainId: told?.key_info.domain_id ?? '' }),
        eventOf: (told) => ({ keyId: told?.key_info.key_id ?? '' }),
      }),

    async describeKey(context, keyId) {
      const { key_info: details } = await read(context, 'describe-key', { key_id: keyId }, describedKey(keyId));
      return { details };
    },

    async listKeys(context, { state, keySpec = 'ALL' }, page) {
      const fields = { key_state: state, key_spec: keySpec, ...pageFields(page) };
      const { key_details, total = key_details.length, ...end } = await read(context, 'list-keys', fields, keyPage);
      return { keys: key_details.map((details) => ({ details })), total, next: nextMarkerOf(end) };
    },

    enableKey: (context, keyId) => moveKey(context, 'enable-key', keyId, KEY_STATE.enabled),
    disableKey: (context, keyId) => moveKey(context, 'disable-key', keyId, KEY_STATE.disabled),
    scheduleKeyDeletion: (context, keyId, pendingDays) =>
      moveKey(context, 'schedule-key-deletion', keyId, KEY_STATE.pendingDeletion, pendingDays),
    cancelKeyDeletion: (context, keyId) => moveKey(context, 'cancel-key-deletion', keyId, KEY_STATE.disabled),
  };
}

/** Lists that are asked for side by side; the rate holds them back further. */
const KEYS_AT_ONCE = 32;

/** A key that went after it was listed has no grants. */
function noneOfGone(error: unknown): Grant[] {
  if (error instanceof KmsError && error.publicCode === 'KMS.0207') return [];
  throw error;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Whether the key is to be deleted in so many days, give or take one. */
function isIn(days: number, { scheduled_deletion_date: date }: KeyDetails, nowMs: number): boolean {
  return Math.abs(Number(date) - (nowMs + days * DAY_MS)) <= DAY_MS;
}

/** What create-grant asks for, by its own names. */
function grantFields({ keyId, grantee, granteeType, operations, name, retiringPrincipal }: CreateGrantInput) {
  return {
    key_id: keyId,
    name,
    grantee_principal: grantee,
    grantee_principal_type: granteeType,
    operations,
    retiring_principal: retiringPrincipal,
  };
}
