import { isJobAboutProject } from '../../domain/job.ts';
import { serializeJob } from '../../http/serialize-job.ts';
import type { Command } from '../command.ts';
import { shownText, shownTime } from '../text.ts';
import { ROWS_MAX, type View, viewOf } from '../view.ts';
import { factsOf, type Question, rowOf } from './answer.ts';

/** Shows how far a job has got, as far as it is about projects of the person. */
export async function showJob({
  command,
  contexts,
  dependencies: { store },
  words,
}: Question<Extract<Command, { name: 'job' }>>): Promise<View> {
  const job = await store.jobs.job(command.jobId);
  const projectIds = job ? contexts.map(({ projectId }) => projectId).filter((id) => isJobAboutProject(job, id)) : [];
  if (!job || projectIds.length === 0) {
    return viewOf({ title: words.jobAbsent, tone: 'bad', data: { result: 'absent' } });
  }
  const jobs = projectIds.map((projectId) => ({ project_id: projectId, ...serializeJob(job, projectId) }));
  const leftovers = job.leftovers.filter(({ projectId }) => projectIds.includes(projectId));
  const reasons = new Set(jobs.flatMap(({ tasks }) => tasks.flatMap(({ reason }) => reason ?? [])));
  const unmapped = new Set(jobs.flatMap((one) => one.unmapped));
  const remaining = job.leftoverCount ?? leftovers.length;
  return viewOf({
    title: words.jobTitle,
    tone: TONES[job.state] ?? 'neutral',
    facts: factsOf(words, {
      job: job.jobId,
      state: words.jobStates[job.state],
      source: shownText(job.source),
      received: shownTime(job.receivedAtMs),
      revoked: String(job.revoked),
      remaining: String(remaining),
      passedOn: job.passedOn === undefined ? undefined : String(job.passedOn),
      attempts: job.failedAttempts === 0 ? undefined : String(job.failedAttempts),
      reason: reasons.size === 0 ? undefined : shownText([...reasons].join('; '), 255),
      unmapped: unmapped.size === 0 ? undefined : shownText([...unmapped].join(', '), 255),
    }),
    rows: leftovers.slice(0, ROWS_MAX).map(({ keyId, grantId, code }) => {
      const key = shownText(keyId);
      const title = grantId === '' ? words.keyNotListed(key) : words.leftover(shownText(grantId));
      return rowOf(title, [words.labelled('code', shownText(code)), words.labelled('keyId', key)], grantId || keyId);
    }),
    moreRows: Math.max(0, leftovers.length - ROWS_MAX),
    data: { jobs },
  });
}

const TONES: Partial<Record<string, View['tone']>> = {
  done: 'good',
  waiting: 'warning',
  'nothing-found': 'warning',
  unmapped: 'warning',
  leftovers: 'bad',
  stopped: 'bad',
};
