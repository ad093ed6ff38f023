/** The part of the audit of a table that is about hooks: jobs, who is who outside, what is to be told. */
import { createHash } from 'node:crypto';
import type { Item, Value } from './dynamodb-scan.ts';

type Of = (kind: string) => readonly Item[];

interface Job {
  jobId: string;
  state: string;
  revision: number;
  receivedAtMs: number;
  dueAtMs: number;
}

const digits = (number: Value) => String(number).padStart(16, '0');
const jobOf = (item: Item) => JSON.parse(String(item['job'])) as Job;
const isOpen = ({ state }: Job) => ['queued', 'running', 'waiting'].includes(state);

/** 90 days after its end, in seconds, a fraction counted as a whole; of an open job none. */
const ttlOf = (job: Job) => (isOpen(job) ? undefined : Math.ceil(job.dueAtMs / 1000) + 7_776_000);
const withTtl = (ttl: number | undefined) => (ttl === undefined ? {} : { ttl });

/** Every job is among all by when it came, and an open one also by when it is due. */
export function rowsOfJobs(of: Of): Item[] {
  return of('job').flatMap((item) => {
    const job = jobOf(item);
    const { jobId: id, receivedAtMs, dueAtMs } = job;
    const inAll = { pk: 'all#jobs', sk: `${digits(receivedAtMs)}#${id}`, id, ...withTtl(ttlOf(job)) };
    return isOpen(job) ? [inAll, { pk: 'open-jobs', sk: `${digits(dueAtMs)}#${id}`, id }] : [inAll];
  });
}

/** What each item tells besides its text, and where it is. */
export function auditHooks(of: Of): string[] {
  return [...of('job').flatMap(jobFaults), ...of('mapping').flatMap(mappingFaults), ...outboxFaults(of)];
}

function jobFaults(item: Item): string[] {
  const { jobId, state, revision, receivedAtMs, dueAtMs } = jobOf(item);
  const expected: Record<string, Value> = { pk: `job#${jobId}`, sk: 'job', state, revision, receivedAtMs, dueAtMs };
  expected['ttl'] = ttlOf(jobOf(item));
  return Object.entries(expected).flatMap(([name, value]) =>
    item[name] === value ? [] : [`${item.pk}: ${name} is ${item[name]}, its text says ${value}`],
  );
}

function mappingFaults({ pk, sk, source, identity, grantee }: Item): string[] {
  const hash = createHash('sha256').update(String(identity)).digest('hex');
  const isSound = sk === `${source}#${hash}` && grantee !== undefined;
  return isSound ? [] : [`${pk} ${sk}: is of ${source} ${identity}, ${grantee}`];
}

/** What is to be told has happened: the event is its project's, in the part of the same number. */
function outboxFaults(of: Of): string[] {
  const told = ({ pk, sk, ...event }: Item) =>
    `${pk.split('#').at(-1)} ${sk} ${JSON.stringify(Object.entries(event).sort())}`;
  const happened = new Set(of('event').map(told));
  return of('event to be told').flatMap((item) =>
    happened.has(told(item)) ? [] : [`${item.pk} ${item.sk}: nothing like it has happened`],
  );
}
