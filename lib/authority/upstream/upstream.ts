import type * as z from 'zod/mini';
import type { UpstreamSettings } from '../../config.ts';
import {
  type Grant,
  type GrantPage,
  type GrantRef,
  KEY_STATE,
  type Key,
  type KeyDetails,
  type KeyState,
  type PageRequest,
} from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { isUnknownKey, KmsError } from '../../errors.ts';
import { idempotencyKeyOf } from '../../idempotency/key.ts';
import type { Store } from '../../store/store.ts';
import { mapWithConcurrency } from '../../util/concurrency.ts';
import type { Authority, CreateGrantInput } from '../authority.ts';
import { pageOfFiltered } from '../filtered-page.ts';
import { NO_RULES, type Rules, serviceRules } from './access-rules.ts';
import { upstreamChanger } from './change.ts';
import { type ChangeProgress, MAY_HAVE_BEEN_CREATED, upstreamClient } from './client.ts';
import { type ProjectGrants, type Read, upstreamLists } from './lists.ts';
import { failuresOfPage, grantPageOf, pageRequestFields } from './pages.ts';
import {
  changedKey,
  createdGrant,
  createdKey,
  describedKey,
  emptyObject,
  keyPage,
  stateOf,
} from './response-schemas.ts';

/**
 * The code with which the upstream refuses a change that is already done. For a grant the code alone proves that. For a
 * key it only says that the key is not in the state the change starts from, so the key is described then.
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
 * The authority in front of an upstream KMS: every method calls the upstream. Its refusals are passed on with their own
 * codes; each change it makes is recorded here as an event.
 * @param now ms since 1970
 * @param isSingleHost whether all processes that share the store run on this host
 */
export function upstream(
  { events, idempotency }: Pick<Store, 'events' | 'idempotency'>,
  settings: UpstreamSettings,
  { now, isSingleHost }: { now: () => number; isSingleHost: boolean },
): Authority {
  const client = upstreamClient(settings, now);
  const makeChange = upstreamChanger({ events, idempotency }, { timeoutMs: settings.timeoutMs, now, isSingleHost });
  const read: Read = async (context, api, fields, answer) =>
    (await client.call(context, { api, fields, answer, isRepeatable: true })).answer;
  const lists = upstreamLists(read);
  const rules = settings.credentials === 'caller' ? NO_RULES : serviceRules(events, lists.allGrants);

  /** Prepares the call of a change that can be applied only once. */
  const sendOnce =
    <T extends z.core.$ZodType>(
      context: RequestContext,
      api: keyof typeof ALREADY_DONE_CODES,
      fields: object,
      answer: T,
    ) =>
    (progress: ChangeProgress) =>
      client.call(
        context,
        { api, fields, answer, isRepeatable: true, alreadyDoneCode: ALREADY_DONE_CODES[api] },
        progress,
      );

  async function describe(context: RequestContext, keyId: string): Promise<KeyDetails> {
    const { key_info } = await read(context, 'describe-key', { key_id: keyId }, describedKey(keyId));
    return key_info;
  }

  function pageOfGrantee(context: RequestContext, grantee: string, found: ProjectGrants, page: PageRequest): GrantPage {
    const { grants, ...rest } = found;
    const held = grants.filter(({ grantee_principal }) => grantee_principal === grantee);
    return { ...pageOfFiltered(held, page), ...rest, issued: () => issuedAmong(context, grants, grantee) };
  }

  /**
   * In service mode the upstream knows this service as the issuer of every grant that it creates. Its own records then
   * say for whom.
   */
  async function issuedAmong(context: RequestContext, grants: readonly Grant[], userId: string): Promise<Grant[]> {
    const isIssued = await mapWithConcurrency(grants, CONCURRENT_READS, async ({ grant_id, issuing_principal }) => {
      const recorded = rules === NO_RULES ? undefined : await recordedGrant(context, grant_id);
      return (recorded?.issuing_principal ?? issuing_principal) === userId;
    });
    return grants.filter((_, index) => isIssued[index]);
  }

  /** @param assertMay checks this service's own rules before the upstream is called */
  function removeGrant(
    context: RequestContext,
    api: 'revoke-grant' | 'retire-grant',
    target: GrantRef,
    assertMay: Rules['assertMayRetire'],
  ) {
    const { key_id: keyId, grant_id: grantId } = target;
    const send = sendOnce(context, api, { key_id: keyId, grant_id: grantId }, emptyObject);
    let grant: Grant | undefined;
    return makeChange(context, {
      target: `key ${keyId} grant ${grantId}`,
      alreadyDoneCode: ALREADY_DONE_CODES[api],
      async send(progress) {
        await assertMay(context, keyId, grantId);
        grant = 'operations' in target ? target : await recordedGrant(context, grantId);
        return send(progress);
      },
      isStillTrue: async () => !(await lists.isListed(context, target).catch(falseIfKeyIsGone)),
      answerOf: () => ({}),
      subjectOf: () => ({ keyId, grantId, grant }),
    });
  }

  /** The grant as recorded here, if it was created through this service. */
  async function recordedGrant(context: RequestContext, grantId: string): Promise<Grant | undefined> {
    const { projectId, recordedGrants } = context;
    if (recordedGrants?.has(grantId)) return recordedGrants.get(grantId);
    const [newest] = await events.list(projectId, { grantId }, 1);
    recordedGrants?.set(grantId, newest?.grant);
    return newest?.grant;
  }

  function changeKeyState(
    context: RequestContext,
    api: keyof typeof ALREADY_DONE_CODES,
    keyId: string,
    state: KeyState,
    pendingDays?: number,
  ) {
    const fields = { key_id: keyId, ...(pendingDays && { pending_days: String(pendingDays) }) };
    const send = sendOnce(context, api, fields, changedKey(keyId));
    async function isIn(requested: string): Promise<boolean> {
      const details = await describe(context, keyId);
      const isScheduled = pendingDays === undefined || isScheduledIn(pendingDays, details, now());
      return details.key_state === requested && isScheduled;
    }
    return makeChange(context, {
      target: `key ${keyId}`,
      alreadyDoneCode: ALREADY_DONE_CODES[api],
      send,
      isInRequestedState: () => isIn(state),
      isStillTrue: ({ state: answered }: Pick<Key, 'keyId' | 'state'>) => isIn(answered).catch(falseIfKeyIsGone),
      answerOf: (response) => ({ keyId, state: response ? stateOf(response) : state }),
      subjectOf: () => ({ keyId }),
    });
  }

  /** The grant as this service knows it. At the upstream its creation date and issuer differ. */
  function createdGrantOf({ caller }: RequestContext, input: CreateGrantInput, grant_id: string): Grant {
    return { ...grantFields(input), grant_id, issuing_principal: caller.userId, creation_date: String(now()) };
  }

  return {
    createGrant: (context, input) =>
      makeChange(context, {
        target: `request ${idempotencyKeyOf(context) ?? context.requestId}`,
        async send(progress) {
          // The first request may have created a grant; a second one would create another.
          if (progress.isUncertain) throw new KmsError('APIGW.0201:502', { detail: MAY_HAVE_BEEN_CREATED });
          await rules.assertMayCreate(context, input.keyId, input.operations);
          const call = { api: 'create-grant', fields: grantFields(input), answer: createdGrant, isRepeatable: false };
          return client.call(context, call, progress);
        },
        isStillTrue: ({ grant_id }) =>
          lists.isListed(context, { key_id: input.keyId, grant_id }).catch(falseIfKeyIsGone),
        reservesSignature: true,
        answerOf: (response) => ({ grant_id: response?.grant_id ?? '' }),
        subjectOf: (response) => ({
          keyId: input.keyId,
          grant: createdGrantOf(context, input, response?.grant_id ?? ''),
        }),
      }),

    revokeGrant: (context, keyId, grantId) =>
      removeGrant(context, 'revoke-grant', { key_id: keyId, grant_id: grantId }, rules.assertMayRevoke),
    retireGrant: (context, keyId, grantId) =>
      removeGrant(context, 'retire-grant', { key_id: keyId, grant_id: grantId }, rules.assertMayRetire),
    revokeAny: (context, target) => removeGrant(context, 'revoke-grant', target, NO_RULES.assertMayRevoke),

    hasGrant: (context, grant) => lists.isListed(context, grant).catch(falseIfKeyIsGone),

    async listGrants(context, keyId, { grantee }, page) {
      if (grantee === undefined)
        return grantPageOf(await lists.grantsOfKey(context, keyId)(pageRequestFields(page)), keyId);
      // The documented API cannot filter by grantee.
      return pageOfGrantee(context, grantee, await lists.allGrants(context, keyId, grantee), page);
    },

    async listRetirableGrants(context, page) {
      if (!rules.retirable) return grantPageOf(await lists.retirableGrants(context)(pageRequestFields(page)));
      const { grants, failed } = await lists.allRetirableGrants(context);
      return { ...pageOfFiltered(rules.retirable(context, grants), page), failed };
    },

    listPrincipalGrants: async (context, grantee, page) =>
      pageOfGrantee(context, grantee, await lists.grantsOfProject(context, grantee), page),

    issuedGrants: async (context, userId) =>
      issuedAmong(context, (await lists.grantsOfProject(context, userId)).grants, userId),

    createKey: (context, { alias, description, keySpec, keyUsage }) =>
      makeChange(context, {
        target: `alias ${alias}`,
        send: (progress) =>
          client.call(
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
            progress,
          ),
        isStillTrue: ({ keyId }) =>
          describe(context, keyId)
            .then(() => true)
            .catch(falseIfKeyIsGone),
        answerOf: (response) => ({
          keyId: response?.key_info.key_id ?? '',
          domainId: response?.key_info.domain_id ?? '',
        }),
        subjectOf: (response) => ({ keyId: response?.key_info.key_id ?? '' }),
      }),

    async describeKey(context, keyId) {
      return { details: await describe(context, keyId) };
    },

    async listKeys(context, { state, keySpec = 'ALL' }, page) {
      const fields = { key_state: state, key_spec: keySpec, ...pageRequestFields(page) };
      const keys = await read(context, 'list-keys', fields, keyPage);
      const { rows, total = rows.length, next } = keys;
      return { keys: rows.map((details) => ({ details })), total, next, failed: failuresOfPage(keys) };
    },

    enableKey: (context, keyId) => changeKeyState(context, 'enable-key', keyId, KEY_STATE.enabled),
    disableKey: (context, keyId) => changeKeyState(context, 'disable-key', keyId, KEY_STATE.disabled),
    scheduleKeyDeletion: (context, keyId, pendingDays) =>
      changeKeyState(context, 'schedule-key-deletion', keyId, KEY_STATE.pendingDeletion, pendingDays),
    cancelKeyDeletion: (context, keyId) => changeKeyState(context, 'cancel-key-deletion', keyId, KEY_STATE.disabled),
  };
}

/** Events of this service that are read at the same time. */
const CONCURRENT_READS = 32;

function falseIfKeyIsGone(error: unknown): boolean {
  if (isUnknownKey(error)) return false;
  throw error;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Whether the key is scheduled for deletion in `days` days, give or take one day. */
function isScheduledIn(days: number, { scheduled_deletion_date: date }: KeyDetails, nowMs: number): boolean {
  return Math.abs(Number(date) - (nowMs + days * DAY_MS)) <= DAY_MS;
}

/** The body of create-grant. */
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
