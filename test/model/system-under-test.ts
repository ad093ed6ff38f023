/** A system under test: the standalone authority over one engine. It takes requests and answers in the model's form. */
import { setImmediate } from 'node:timers/promises';
import { deleteDueKeys } from '../../lib/authority/standalone/key-deletion.ts';
import { type Standalone, standalone } from '../../lib/authority/standalone/standalone.ts';
import type { GrantPage, Key, KeyState, Operation } from '../../lib/domain/model.ts';
import type { RequestContext } from '../../lib/domain/request-context.ts';
import { KmsError } from '../../lib/errors.ts';
import type { Store } from '../../lib/store/store.ts';
import type { Engine } from './engines.ts';
import type { Names } from './names.ts';
import type { Answer, Request } from './request.ts';
import { QUOTAS } from './values.ts';

export interface System {
  name: string;
  pageCacheChars: number;
  store: Store;
  /** Two service instances over one store, as two functions would be. */
  authorities: [Standalone, Standalone];
  clock: { nowMs: number };
}

export async function openSystem({ name, open, pageCacheChars }: Engine): Promise<System> {
  return systemOver({ name, pageCacheChars, clock: { nowMs: 0 } }, await open());
}

/** Returns a system over the store, with the name, page cache and clock of `settings`. */
export function systemOver(settings: Pick<System, 'name' | 'pageCacheChars' | 'clock'>, store: Store): System {
  const { name, pageCacheChars, clock } = settings;
  const instance = () => standalone(store, { ...QUOTAS, pageCacheChars, now: () => clock.nowMs });
  return { name, pageCacheChars, store, authorities: [instance(), instance()], clock };
}

/** Returns the system with delayed commits. @param delays turns of the event loop, for each change in turn */
export function withDelayedCommits(system: System, delays: readonly number[]): System {
  const { store } = system;
  let changes = 0;
  const commit: typeof store.grants.commit = async (...change) => {
    changes += 1;
    await pause(delays[changes % delays.length] ?? 0);
    return store.grants.commit(...change);
  };
  return systemOver(system, { ...store, grants: { ...store.grants, commit } });
}

export async function pause(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await setImmediate();
}

/** Sends the request to the system. The answer has the system's own ids. */
export async function execute(system: System, names: Names, request: Request, instance: number): Promise<Answer> {
  system.clock.nowMs = request.nowMs;
  try {
    const answer = await callAuthority(system, system.authorities[instance % 2] as Standalone, names.toOwn(request));
    return { answer: JSON.parse(JSON.stringify(answer)) };
  } catch (error) {
    const code = error instanceof KmsError ? error.publicCode : 'KMS.0101';
    return { refused: code === 'KMS.0101' ? describeError(error) : code };
  }
}

const describeError = (error: unknown) => (error instanceof Error ? String(error.cause ?? error.stack) : String(error));

async function callAuthority({ store, clock }: System, authority: Standalone, request: Request): Promise<unknown> {
  const { call } = request;
  const context = contextOf(request);
  switch (call.action) {
    case 'create-grant':
      return authority.createGrant(context, { ...call, operations: call.operations as Operation[] });
    case 'revoke-grant':
      return authority.revokeGrant(context, call.keyId, call.grantId);
    case 'retire-grant':
      return authority.retireGrant(context, call.keyId, call.grantId);
    case 'list-grants':
      return grantRows(await authority.listGrants(context, call.keyId, { grantee: call.grantee }, call.page));
    case 'list-retirable-grants':
      return grantRows(await authority.listRetirableGrants(context, call.page));
    case 'create-key': {
      const { alias, description, keySpec, keyUsage } = call;
      return keyDetails(await authority.createKey(context, { alias, description, keySpec, keyUsage }));
    }
    case 'describe-key':
      return keyDetails(await authority.describeKey(context, call.keyId));
    case 'enable-key':
      return keyDetails(await authority.enableKey(context, call.keyId));
    case 'disable-key':
      return keyDetails(await authority.disableKey(context, call.keyId));
    case 'schedule-key-deletion':
      return keyDetails(await authority.scheduleKeyDeletion(context, call.keyId, call.pendingDays));
    case 'cancel-key-deletion':
      return keyDetails(await authority.cancelKeyDeletion(context, call.keyId));
    case 'list-keys': {
      const filter = { state: call.state as KeyState | undefined, keySpec: call.keySpec };
      const { keys, ...page } = await authority.listKeys(context, filter, call.page);
      return { rows: keys.map(keyDetails), ...page };
    }
    case 'list-events': {
      const { keyId, grantId, limit } = call;
      const events = await store.events.list(request.project, { keyId, grantId }, limit);
      return events.map(({ eventId, ...event }) => event);
    }
    case 'delete-due-keys':
      return deleteOneByOne(store, () => clock.nowMs);
  }
}

/** Deletes all due keys, also those of earlier histories, one at a time, so that the order of their events is fixed. */
async function deleteOneByOne({ grants }: Store, now: () => number): Promise<object> {
  const keysDue: typeof grants.keysDue = (nowMs) => grants.keysDue(nowMs, 1);
  while ((await deleteDueKeys({ ...grants, keysDue }, now)) > 0);
  return {};
}

function contextOf({
  call: { action, ...fields },
  user,
  domain,
  project,
  requestId,
  padding,
  sequence,
  signature,
}: Request): RequestContext {
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

/** Without `revision`, which is internal to the authority and its store. */
const keyDetails = ({ revision, ...key }: Key) => key;
