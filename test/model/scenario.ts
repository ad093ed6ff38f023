/** One engine with the service's rules over it, asked and answering in the words that it shares with the model. */
import { setImmediate } from 'node:timers/promises';
import { deleteDueKeys } from '../../lib/authority/standalone/key-deletion.ts';
import { type Standalone, standalone } from '../../lib/authority/standalone/standalone.ts';
import type { GrantPage, Key, KeyState, Operation } from '../../lib/domain/model.ts';
import type { RequestContext } from '../../lib/domain/request-context.ts';
import { KmsError } from '../../lib/errors.ts';
import type { Store } from '../../lib/store/store.ts';
import type { Names } from './names.ts';
import type { Answer, Request } from './request.ts';
import type { Engine } from './systems.ts';
import { QUOTAS } from './values.ts';

export interface Stage {
  name: string;
  pageCacheChars: number;
  store: Store;
  /** Two instances over the one store, as two functions would be. */
  authorities: [Standalone, Standalone];
  clock: { nowMs: number };
}

export async function openStage({ name, open, pageCacheChars }: Engine): Promise<Stage> {
  return stageOver({ name, pageCacheChars, clock: { nowMs: 0 } }, await open());
}

/** As `like`, over this store. */
export function stageOver(like: Pick<Stage, 'name' | 'pageCacheChars' | 'clock'>, store: Store): Stage {
  const { name, pageCacheChars, clock } = like;
  const instance = () => standalone(store, { ...QUOTAS, pageCacheChars, now: () => clock.nowMs });
  return { name, pageCacheChars, store, authorities: [instance(), instance()], clock };
}

/** The same stage, but what is decided on is written only after so many turns of the event loop: one number a change. */
export function lagging(stage: Stage, turns: readonly number[]): Stage {
  const { store } = stage;
  let changes = 0;
  const commit: typeof store.grants.commit = async (...change) => {
    changes += 1;
    await pause(turns[changes % turns.length] ?? 0);
    return store.grants.commit(...change);
  };
  return stageOver(stage, { ...store, grants: { ...store.grants, commit } });
}

export async function pause(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await setImmediate();
}

/** Asks the system, whose answer still has its own ids. */
export async function perform(stage: Stage, names: Names, request: Request, via: number): Promise<Answer> {
  stage.clock.nowMs = request.nowMs;
  try {
    const answer = await ask(stage, stage.authorities[via % 2] as Standalone, names.toOwn(request));
    return { answer: JSON.parse(JSON.stringify(answer)) };
  } catch (error) {
    return { refused: error instanceof KmsError && error.code !== 'KMS.0101' ? error.code : told(error) };
  }
}

const told = (error: unknown) => (error instanceof Error ? String(error.cause ?? error.stack) : String(error));

async function ask({ store, clock }: Stage, authority: Standalone, request: Request): Promise<unknown> {
  const { ask } = request;
  const context = contextOf(request);
  switch (ask.action) {
    case 'create-grant':
      return authority.createGrant(context, { ...ask, operations: ask.operations as Operation[] });
    case 'revoke-grant':
      return authority.revokeGrant(context, ask.keyId, ask.grantId);
    case 'retire-grant':
      return authority.retireGrant(context, ask.keyId, ask.grantId);
    case 'list-grants':
      return grantRows(await authority.listGrants(context, ask.keyId, { grantee: ask.grantee }, ask.page));
    case 'list-retirable-grants':
      return grantRows(await authority.listRetirableGrants(context, ask.page));
    case 'create-key': {
      const { alias, description, keySpec, keyUsage } = ask;
      return keyTold(await authority.createKey(context, { alias, description, keySpec, keyUsage }));
    }
    case 'describe-key':
      return keyTold(await authority.describeKey(context, ask.keyId));
    case 'enable-key':
      return keyTold(await authority.enableKey(context, ask.keyId));
    case 'disable-key':
      return keyTold(await authority.disableKey(context, ask.keyId));
    case 'schedule-key-deletion':
      return keyTold(await authority.scheduleKeyDeletion(context, ask.keyId, ask.pendingDays));
    case 'cancel-key-deletion':
      return keyTold(await authority.cancelKeyDeletion(context, ask.keyId));
    case 'list-keys': {
      const filter = { state: ask.state as KeyState | undefined, keySpec: ask.keySpec };
      const { keys, ...end } = await authority.listKeys(context, filter, ask.page);
      return { rows: keys.map(keyTold), ...end };
    }
    case 'list-events': {
      const { keyId, grantId, limit } = ask;
      const events = await store.events.list(request.project, { keyId, grantId }, limit);
      return events.map(({ eventId, ...event }) => event);
    }
    case 'delete-due-keys':
      return deleteOneByOne(store, () => clock.nowMs);
  }
}

/** All that is due, those of earlier histories too; one key after the other, so that their events have one order. */
async function deleteOneByOne({ grants }: Store, now: () => number): Promise<object> {
  const keysDue: typeof grants.keysDue = (nowMs) => grants.keysDue(nowMs, 1);
  while ((await deleteDueKeys({ ...grants, keysDue }, now)) > 0);
  return {};
}

function contextOf({
  ask: { action, ...fields },
  user,
  domain,
  project,
  requestId,
  padding,
  ...proofs
}: Request): RequestContext {
  const { sequence, signature } = proofs;
  return {
    caller: { userId: user, domainId: domain, projectId: project, roles: ['KMS CMKFullAccess'], signature },
    projectId: project,
    channel: 'http',
    requestId,
    sequence,
    action,
    body: new TextEncoder().encode(JSON.stringify(fields) + padding),
  };
}

const grantRows = ({ json, total, next }: GrantPage) => ({ rows: JSON.parse(json), total, next });

/** `revision` is between the authority and its store. */
const keyTold = ({ revision, ...key }: Key) => key;
