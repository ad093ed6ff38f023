/** The ports of what hooks have started: jobs, who an outside identity is, and what is yet to be told to others. */
import type { GrantRef, Operation } from './model.ts';

/** A person as another system knows them: `sub` of an identity provider, an e-mail address in lower case. */
export type ExternalIdentity = string;

/** One thing that a delivery asks for. */
export type Task = TaskWho & {
  /** Such as `principal.disabled`; of what is ignored, as the source calls it. */
  type: string;
  /** The one project that is meant; all of the job's when left out. */
  projectId?: string | undefined;
  reason?: string | undefined;
};

type TaskWho =
  | { action: 'ignore' }
  /** All grants that the principal holds; of the first of `identities` that is mapped, where no grantee is named. */
  | {
      action: 'revoke-principal';
      grantee?: string | undefined;
      identities?: readonly ExternalIdentity[] | undefined;
      keyId?: string | undefined;
      operations?: readonly Operation[] | undefined;
    }
  | { action: 'revoke-grant'; keyId: string; grantId: string }
  /** Every grant of the key. */
  | { action: 'revoke-key'; keyId: string };

/**
 * - queued: not begun. running: begun; goes on by itself after a crash.
 * - waiting: some grants could not be revoked; they are tried again.
 * - done: nothing is left. ignored: none of its events is one that this service acts on.
 * - unmapped: nobody has told who it is about. leftovers: after the last try some grants are still there.
 * - stopped: a person has ended it.
 */
export type JobState = 'queued' | 'running' | 'waiting' | 'done' | 'ignored' | 'unmapped' | 'leftovers' | 'stopped';

/** Grants of one project that are being revoked for one task. */
export interface Batch {
  projectId: string;
  /** The place of the task among those of the job. */
  task: number;
  grants: readonly GrantRef[];
}

/** A grant that could not be revoked, with the code of why. */
export interface Leftover {
  projectId: string;
  keyId: string;
  grantId: string;
  code: string;
  /** The place of the task that asked for it. */
  task: number;
}

/** What one delivery has started. Stored in one write before the delivery is answered. */
export interface Job {
  /** 32 lower-case hex. Equal for the same delivery of the same source. */
  jobId: string;
  source: string;
  /** As the source calls the delivery. */
  deliveryId: string;
  receivedAtMs: number;
  /** Those that the source may act on. */
  projectIds: readonly string[];
  tasks: readonly Task[];
  state: JobState;
  /** Goes up with each write. */
  revision: number;
  /** When somebody should have worked on it again: later than that it has been lost sight of. */
  dueAtMs: number;
  /** How often something was left after everything had been tried. */
  tries: number;
  revoked: number;
  /** How far the try has come: the place among its parts, each of them a task in one project; undefined before it. */
  at?: number | undefined;
  /** What is being revoked: written before it is begun, so that none of it is lost sight of. */
  batch?: Batch | undefined;
  leftovers: readonly Leftover[];
  /** How many there are: not all of very many are listed. */
  leftoverCount?: number | undefined;
  /** Of its tasks, those about nobody known. */
  unmapped: readonly ExternalIdentity[];
}

/** Has come to its end: nothing works on it, unless a person has it tried again. */
export const FINAL_STATES: readonly JobState[] = ['done', 'ignored', 'unmapped', 'leftovers', 'stopped'];

/** How long a job is kept, and with it the memory that its delivery was seen. */
export const JOB_RETENTION_MS = 90 * 24 * 60 * 60 * 1000;

/** Who an outside identity is. */
export interface Mapping {
  /** The source that says it, or `*` for any. */
  source: string;
  identity: ExternalIdentity;
  grantee: string;
}
