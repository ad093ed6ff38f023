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
import { KmsError, knownError } from '../../errors.ts';
import { idempotencyKeyOf } from '../../idempotency/key.ts';
import type { Store } from '../../store/store.ts';
import { mapWithConcurrency } from '../../util/concurrency.ts';
import type { Authority, CreateGrantInput } from '../authority.ts';
import { type KeyGrants, NO_RULES, type Rules, serviceRules } from './access-rules.ts';
import { upstreamChanger } from './change.ts';
import { type ChangeProgress, MAY_HAVE_BEEN_CREATED, upstreamClient } from './client.ts';
import {
  allPages,
  failuresOf,
  failuresOfPage,
  grantPageOf,
  pageOfFiltered,
  pageRequestFields,
  type UnreadableRow,
  type UpstreamPage,
} from './pages.ts';
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
  const rules = settings.credentials === 'caller' ? NO_RULES : serviceRules(events, allGrants);

  async function read<T extends z.core.$ZodType>(context: RequestContext, api: string, fields: object, answer: T) {
    const reply = await client.call(context, { api, fields, answer, isRepeatable: true });
    return reply.answer as z.output<T>;
  }

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

  /** Rows about another key, as from a wrong cache, count as unreadable. */
  const grantsOfKey =
    (context: RequestContext, keyId: string) =>
    async (fields: object): Promise<UpstreamPage<Grant>> => {
      const page = await read(context, 'list-grants', { key_id: keyId, ...fields }, grantPage);
      const rows = page.rows.filter(({ key_id }) => key_id === keyId);
      const others = page.rows.length - rows.length;
      const foreign = Array.from({ length: others }, () => ({ keyId, grantId: '', grantee: undefined }));
      return { ...page, rows, unreadable: [...page.unreadable, ...foreign] };
    };
  const retirableGrants = (context: RequestContext) => (fields: object) =>
    read(context, 'list-retirable-grants', fields, grantPage);

  /**
   * @param grantee leaves out rows that are unreadable but certainly about another grantee
   * @throws KmsError when not even the first page can be read
   */
  async function allGrants(context: RequestContext, keyId: string, grantee?: string): Promise<KeyGrants> {
    const { rows, unreadable, error } = await allPages(grantsOfKey(context, keyId));
    const isRelevant = (row: UnreadableRow) => grantee === undefined || (row.grantee ?? grantee) === grantee;
    const failed = failuresOf(unreadable.filter(isRelevant), keyId);
    if (error) failed.push({ keyId, grantId: '', error });
    return { grants: uniqueById(rows), failed };
  }

  /**
   * The documented API cannot read one grant, so the grants of its key are listed.
   * @throws KmsError when the key does not exist, or its grants cannot be read
   */
  async function isListed(context: RequestContext, { key_id, grant_id }: GrantRef): Promise<boolean> {
    const { grants, failed } = await allGrants(context, key_id);
    if (grants.some((grant) => grant.grant_id === grant_id)) return true;
    const [failure] = failed.filter(({ grantId }) => grantId === '' || grantId === grant_id);
    if (failure) throw failure.error;
    return false;
  }

  async function describe(context: RequestContext, keyId: string): Promise<KeyDetails> {
    const { key_info } = await read(context, 'describe-key', { key_id: keyId }, describedKey(keyId));
    return key_info;
  }

  /**
   * The documented API cannot list by grantee or issuer, so the grants of every key are listed.
   * @throws KmsError when the keys cannot be listed
   */
  async function grantsOfProject(context: RequestContext, grantee: string): Promise<ProjectGrants> {
    // Nothing can be listed without the keys, so this list may take the time of the whole request.
    const unlimited = { ...context, deadlineMs: undefined };
    const listKeys = (fields: object) => read(unlimited, 'list-keys', { key_spec: 'ALL', ...fields }, keyPage);
    const keys = await allPages(listKeys);
    const keyIds = [...new Set(keys.rows.map(({ key_id }) => key_id))];
    const lists = await mapWithConcurrency(keyIds, CONCURRENT_LISTS, async (keyId): Promise<KeyGrants> => {
      try {
        return await allGrants(context, keyId, grantee);
      } catch (cause) {
        const error = knownError(cause);
        // A key that was deleted after it was listed has no grants.
        const failed = error.publicCode === 'KMS.0207' ? [] : [{ keyId, grantId: '', error }];
        return { grants: [], failed };
      }
    });
    const failed = [...failuresOf(keys.unreadable), ...lists.flatMap((list) => list.failed)];
    if (keys.error) failed.push({ keyId: '', grantId: '', error: keys.error });
    const isUnread = lists.length > 0 && lists.every((list) => list.grants.length === 0 && list.failed.length > 0);
    return { grants: sortedById(lists.flatMap(({ grants }) => grants)), failed, isUnread };
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
    const isIssued = await mapWithConcurrency(grants, CONCURRENT_LISTS, async ({ grant_id, issuing_principal }) => {
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
      holds: async () => !(await isListed(context, target).catch(falseIfKeyIsGone)),
      answerOf: () => ({}),
      subjectOf: () => ({ keyId, grantId, grant }),
    });
  }

  /** The grant as recorded here, if it was created through this service. */
  async function recordedGrant({ projectId }: RequestContext, grantId: string): Promise<Grant | undefined> {
    const [newest] = await events.list(projectId, { grantId }, 1);
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
      holds: ({ state: answered }: Pick<Key, 'keyId' | 'state'>) => isIn(answered).catch(falseIfKeyIsGone),
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
        holds: ({ grant_id }) => isListed(context, { key_id: input.keyId, grant_id }).catch(falseIfKeyIsGone),
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

    hasGrant: (context, grant) => isListed(context, grant).catch(falseIfKeyIsGone),

    async listGrants(context, keyId, { grantee }, page) {
      if (grantee === undefined) return grantPageOf(await grantsOfKey(context, keyId)(pageRequestFields(page)), keyId);
      // The documented API cannot filter by grantee.
      return pageOfGrantee(context, grantee, await allGrants(context, keyId, grantee), page);
    },

    async listRetirableGrants(context, page) {
      if (!rules.retirable) return grantPageOf(await retirableGrants(context)(pageRequestFields(page)));
      const { rows, unreadable, error } = await allPages(retirableGrants(context));
      const failed = failuresOf(unreadable);
      if (error) failed.push({ keyId: '', grantId: '', error });
      return { ...pageOfFiltered(rules.retirable(context, uniqueById(rows)), page), failed };
    },

    listPrincipalGrants: async (context, grantee, page) =>
      pageOfGrantee(context, grantee, await grantsOfProject(context, grantee), page),

    issuedGrants: async (context, userId) =>
      issuedAmong(context, (await grantsOfProject(context, userId)).grants, userId),

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
        holds: ({ keyId }) =>
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

type ProjectGrants = KeyGrants & Pick<GrantPage, 'isUnread'>;

/** Keys whose grants are listed at the same time; the rate limit applies as well. */
const CONCURRENT_LISTS = 32;

/** The pages of a list may overlap. */
function uniqueById(grants: readonly Grant[]): Grant[] {
  return [...new Map(grants.map((grant) => [`${grant.key_id} ${grant.grant_id}`, grant])).values()];
}

function sortedById(grants: readonly Grant[]): Grant[] {
  return uniqueById(grants).sort((one, other) => (one.grant_id < other.grant_id ? -1 : 1));
}

function falseIfKeyIsGone(error: unknown): boolean {
  if (error instanceof KmsError && error.publicCode === 'KMS.0207') return false;
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
