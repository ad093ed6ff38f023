/** The part of the table audit that is about webhooks: jobs, mappings and the outbox. */
import { createHash } from 'node:crypto';
import type { Item, Value } from './dynamodb-scan.ts';

type ItemsOf = (kind: string) => readonly Item[];

interface Job {
  jobId: string;
  source: string;
  state: string;
  revision: number;
  receivedAtMs: number;
  dueAtMs: number;
}

const digits = (number: Value) => String(number).padStart(16, '0');
const jobOf = (item: Item) => JSON.parse(String(item['job'])) as Job;
const isOpen = ({ state }: Job) => ['queued', 'running', 'waiting'].includes(state);

/** 90 days after the end of the job, in seconds, rounded up; open jobs have none. */
const ttlOf = (job: Job) => (isOpen(job) ? undefined : Math.ceil(job.dueAtMs / 1000) + 7_776_000);
const withTtl = (ttl: number | undefined) => (ttl === undefined ? {} : { ttl });

/** Every job has a row in the list of all jobs, by the time of its webhook; an open job also has one by due time. */
export function rowsOfJobs(of: ItemsOf): Item[] {
  return of('job').flatMap((item) => {
    const job = jobOf(item);
    const { jobId: id, receivedAtMs, dueAtMs, source } = job;
    const inAll = { pk: 'all#jobs', sk: `${digits(receivedAtMs)}#${id}`, id, ...withTtl(ttlOf(job)) };
    return isOpen(job) ? [inAll, { pk: 'open-jobs', sk: `${digits(dueAtMs)}#${id}`, id, source }] : [inAll];
  });
}

/** Compares the attributes and keys of the items with their JSON and each other. */
export function auditWebhookItems(of: ItemsOf): string[] {
  return [...of('job').flatMap(jobFaults), ...of('mapping').flatMap(mappingFaults), ...outboxFaults(of)];
}

function jobFaults(item: Item): string[] {
  const { jobId, state, revision, receivedAtMs, dueAtMs } = jobOf(item);
  const expected: Record<string, Value> = { pk: `job#${jobId}`, sk: 'job', state, revision, receivedAtMs, dueAtMs };
  expected['ttl'] = ttlOf(jobOf(item));
  return Object.entries(expected).flatMap(([name, value]) =>
    item[name] === value ? [] : [`${item.pk}: ${name} is ${item[name]}, but ${value} in its JSON`],
  );
}

function mappingFaults({ pk, sk, source, identity, grantee }: Item): string[] {
  const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
  const folded = String(identity).normalize('NFC').toLowerCase().normalize('NFC');
  // Version 0.2 had one item for each source and identity.
  const keys = [
    `${source}#${hashOf(folded)}#${hashOf(String(identity))}#${grantee}`,
    `${source}#${hashOf(String(identity))}`,
  ];
  const isCorrect = keys.includes(sk) && grantee !== undefined;
  return isCorrect ? [] : [`${pk} ${sk}: the mapping is of ${source} ${identity} to ${grantee}`];
}

/** Every outbox entry is a copy of an event of its project, in the shard of the same number. */
function outboxFaults(of: ItemsOf): string[] {
  const contentOf = ({ pk, sk, ...event }: Item) =>
    `${pk.split('#').at(-1)} ${sk} ${JSON.stringify(Object.entries(event).sort())}`;
  const events = new Set(of('event').map(contentOf));
  return of('outbox entry').flatMap((item) =>
    events.has(contentOf(item)) ? [] : [`${item.pk} ${item.sk}: there is no such event`],
  );
}
