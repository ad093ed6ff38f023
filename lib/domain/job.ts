/** Jobs: the tasks of a webhook delivery or of a person, and their progress. */
import type { ChangeEvent } from './events.ts';
import type { GrantRef, Operation } from './model.ts';

/** A person as another system names them: the `sub` of an identity provider, or an e-mail address in lower case. */
export type ExternalIdentity = string;

/** One thing that a webhook delivery asks for. */
export type Task = TaskAction & {
  /** The type of the event, such as `principal.disabled`; for ignored events the source's own name of it. */
  type: string;
  /** The one project in which the task applies; without it, the task applies in all projects of the job. */
  projectId?: string | undefined;
  reason?: string | undefined;
  /** The source's own name of the event; absent where `type` is that name. */
  event?: string | undefined;
};

type TaskAction =
  | { action: 'ignore' }
  /** An event that may take access away and that could not be read; `reason` says why. */
  | {
      action: 'unreadable';
      /** What the source sent, as text, where the source would not send it again; cut off if it is very long. */
      payload?: string | undefined;
    }
  /** An event that a person must decide about; `reason` says what it is about. */
  | { action: 'needs-person'; identities?: readonly ExternalIdentity[] | undefined }
  /**
   * Revokes the grants that `grantee` holds; without it, those of all principals that any of `identities` is mapped to.
   */
  | {
      action: 'revoke-principal';
      grantee?: string | undefined;
      identities?: readonly ExternalIdentity[] | undefined;
      /** Those of `identities` whose attribute ignores case. E-mail addresses always do and need not be listed. */
      caseInsensitiveIdentities?: readonly ExternalIdentity[] | undefined;
      /** Limits the task to grants on this key. */
      keyId?: string | undefined;
      /** Limits the task to grants that allow at least one of these operations. */
      operations?: readonly Operation[] | undefined;
    }
  | { action: 'revoke-grant'; keyId: string; grantId: string }
  /** Revokes every grant on the key. */
  | { action: 'revoke-key'; keyId: string };

/**
 * - queued: not started.
 * - running: started; continues after a crash.
 * - waiting: some grants could not be revoked; the next attempt is scheduled.
 * - done: every grant in scope is revoked.
 * - nothing-found: there was no grant in scope; perhaps the project or the principal is a mistake.
 * - ignored: this service acts on none of the delivery's events.
 * - unmapped: the rest is done, but some identities have no mapping.
 * - unreadable: the rest is done, but some events that may take access away could not be read.
 * - needs-person: the rest is done, but a person must decide about some events.
 * - observed: its source only observes. What it would have revoked is recorded, and nothing is revoked.
 * - paused: it would exceed the principals that its source may revoke for within an hour. Nothing is revoked until a
 *   person runs it again.
 * - leftovers: the last attempt is over and some grants still exist.
 * - stopped: an administrator stopped it.
 */
export const JOB_STATES = [
  'queued',
  'running',
  'waiting',
  'done',
  'nothing-found',
  'ignored',
  'unmapped',
  'unreadable',
  'needs-person',
  'observed',
  'paused',
  'leftovers',
  'stopped',
] as const;
export type JobState = (typeof JOB_STATES)[number];

/** States from which retry-job runs a job again. */
export const RETRIED_FROM: readonly JobState[] = [
  'waiting',
  'leftovers',
  'stopped',
  'unmapped',
  'unreadable',
  'needs-person',
  'nothing-found',
  'observed',
  'paused',
];

/** States from which stop-job stops a job. */
export const STOPPED_FROM: readonly JobState[] = ['queued', 'running', 'waiting', 'paused'];

/** Grants of one project that are being revoked for one task. */
export interface Batch {
  projectId: string;
  /** The index of the task in `Job.tasks`. */
  task: number;
  grants: readonly GrantRef[];
}

/** A grant that could not be revoked. `grantId` is empty where the grants could not even be listed. */
export interface Leftover {
  projectId: string;
  keyId: string;
  grantId: string;
  /** The error code of the last attempt. */
  code: string;
  /** The index of the task in `Job.tasks`. */
  task: number;
}

/**
 * What one webhook delivery, one request of a person in chat or one call of create-revocation-job asks for. It is
 * stored in one write before the reply.
 */
export interface Job {
  /** 32 lower-case hex digits, derived from the source and the delivery id: a repeated delivery has the same job. */
  jobId: string;
  source: string;
  /** The source's id of the delivery. */
  deliveryId: string;
  /** SHA-256 of what the delivery contains, so that its id is not accepted for another one. Absent in old jobs. */
  contentDigest?: string | undefined;
  receivedAtMs: number;
  /** The projects that the source may act on. */
  projectIds: readonly string[];
  tasks: readonly Task[];
  /** Of all its tasks: written once, because a job with many tasks must fit into one item of the store. */
  reason?: string | undefined;
  /** How many grants the request selected when the job was stored; only for jobs of create-revocation-job. */
  total?: number | undefined;
  /** Who is behind it, for its events; the source itself when absent. */
  origin?: Pick<ChangeEvent, 'channel' | 'actor' | 'approvedBy'> | undefined;
  /** `observe`: it records what it would revoke, and revokes nothing. */
  mode?: 'observe' | undefined;
  /** How many principals its source may revoke for within an hour; absent where there is no limit. */
  maxPrincipals?: number | undefined;
  /** Whether a person has run it again after it was paused, so that the limit no longer applies to it. */
  isApproved?: boolean | undefined;
  /** With `observe`: how many grants it would have revoked. */
  wouldRevoke?: number | undefined;
  state: JobState;
  /** Rises with each write, so that two workers cannot overwrite each other. */
  revision: number;
  /** ms since 1970 by which a worker should have written the job again. An open job that is overdue is queued again. */
  dueAtMs: number;
  /** Attempts so far that ended with leftovers. */
  failedAttempts: number;
  /** How many grants have been revoked. */
  revoked: number;
  /**
   * How many grants that the principals of its tasks have issued remain. Each principal is counted when its own grants
   * are revoked. Undefined if they could not be counted for one of them.
   */
  passedOn?: number | undefined;
  /** Whether a list of grants in scope was not empty. */
  hasFoundGrants?: boolean | undefined;
  /** The index of the scope item (a task in one project) that the running attempt is at; undefined between attempts. */
  scopeIndex?: number | undefined;
  /** The grants being revoked. It is written before the first of them is revoked, so that a crash loses none. */
  batch?: Batch | undefined;
  /** The grants that could not be revoked, cut off where there are very many. */
  leftovers: readonly Leftover[];
  /** The number of leftovers, those not listed included. */
  leftoverCount?: number | undefined;
  /** Identities of its tasks that have no mapping. */
  unmapped: readonly ExternalIdentity[];
}

/** A job that no worker has started by then is queued again. */
const START_TIMEOUT_MS = 60_000;

/** Returns a job of which nothing is done yet. */
export function newJob(
  parts: Pick<Job, 'jobId' | 'source' | 'deliveryId' | 'contentDigest' | 'projectIds' | 'tasks'> & Partial<Job>,
  nowMs: number,
): Job {
  return {
    receivedAtMs: nowMs,
    state: 'queued',
    revision: 0,
    dueAtMs: nowMs + START_TIMEOUT_MS,
    failedAttempts: 0,
    revoked: 0,
    passedOn: 0,
    leftovers: [],
    unmapped: [],
    ...parts,
  };
}

/** States in which a worker acts on the job, or will. */
const WORKER_STATES: readonly JobState[] = ['queued', 'running', 'waiting'];

/** States in which no worker acts on the job, unless an administrator queues it again. */
export const FINAL_STATES: readonly JobState[] = JOB_STATES.filter((state) => !WORKER_STATES.includes(state));

/** The place of a job in the list of all jobs, which is ordered by time and then by id. */
export type JobPosition = Pick<Job, 'receivedAtMs' | 'jobId'>;

/** Whether the job acts in the project: one of its projects, in which a task applies, or it has no tasks. */
export const isJobAboutProject = ({ projectIds, tasks }: Job, projectId: string): boolean =>
  projectIds.includes(projectId) &&
  (tasks.length === 0 || tasks.some((task) => task.projectId === undefined || task.projectId === projectId));

/** How many tasks of the job a person must decide about. */
export const tasksForPerson = ({ tasks }: Pick<Job, 'tasks'>): number =>
  tasks.filter(({ action }) => action === 'needs-person').length;

/** How many tasks of the job stand for events that could not be read. */
export const unreadableTasks = ({ tasks }: Pick<Job, 'tasks'>): number =>
  tasks.filter(({ action }) => action === 'unreadable').length;

/** How long an ended job is stored. For as long, a repeat of its delivery is recognised. */
export const JOB_RETENTION_MS = 90 * 24 * 60 * 60 * 1000;

/** Assigns an external identity to a grantee. An identity can have several mappings. */
export interface Mapping {
  /** The source that uses the identity, or `*` for every source. */
  source: string;
  identity: ExternalIdentity;
  grantee: string;
}
