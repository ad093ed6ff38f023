/** Runs the hook command. It sends its request over HTTP, like any other sender. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type HttpResponse, sendRequest } from '../../lib/clients/http.ts';
import { NetworkError } from '../../lib/clients/network-error.ts';
import type { Config } from '../../lib/config.ts';
import { FINAL_STATES, type Job } from '../../lib/domain/job.ts';
import type { Source } from '../../lib/webhooks/inbound/source.ts';
import { originOf, parseOptions, type Result, resultOfCommand, textResult, UsageError } from '../command-line.ts';
import { openServices } from '../open-services.ts';
import { helpText, INVOCATION, NOBODY } from './help.ts';
import { ensureSampleKey, readSampleKey } from './keys.ts';
import { jobIdOf, refusalText } from './reply.ts';
import type { SampleRequest, SampleSender } from './sample.ts';
import { SAMPLE_KINDS, sampleOf } from './samples.ts';
import { sourceOfKind } from './source.ts';

const OPTIONS = {
  source: { type: 'string' },
  person: { type: 'string' },
  event: { type: 'string' },
  url: { type: 'string' },
  wait: { type: 'boolean' },
  print: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

const HELP = `${INVOCATION} --help`;

const TIMEOUT_MS = 30_000;
const WAIT_MS_MAX = 60_000;
const POLL_MS = 200;

/** @param readConfig throws for an invalid setting. @param now returns ms since 1970 */
export async function runHook(
  args: readonly string[],
  readConfig: () => Config,
  now: () => number = Date.now,
): Promise<Result> {
  return resultOfCommand(async () => {
    const { values, positionals } = parse(args);
    const [first, ...rest] = positionals;
    if (values.help || first === 'help') return textResult(helpText());
    if (first === 'key') return makeKey(kindIn(rest), readConfig());
    return runSample(kindIn(positionals), values, readConfig(), now);
  });
}

const parse = (args: readonly string[]) =>
  parseOptions({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true }, HELP);

type Values = ReturnType<typeof parse>['values'];

function kindIn([kind, ...more]: readonly string[]): string {
  if (kind === undefined) throw new UsageError(`the kind is missing, one of: ${SAMPLE_KINDS.join(', ')}`, HELP);
  if (!SAMPLE_KINDS.includes(kind)) throw new UsageError(`the kind must be one of: ${SAMPLE_KINDS.join(', ')}`, HELP);
  if (more.length > 0) throw new UsageError('there is more than one kind', HELP);
  return kind;
}

async function makeKey(kind: string, { dataDir }: Config): Promise<Result> {
  const sender = await sampleOf(kind);
  if (!sender.signsWithPrivateKey) {
    throw new UsageError(`the kind ${kind} needs no key: it uses the first of the secrets of its source`, HELP);
  }
  const publicPart = await ensureSampleKey(dataDir, kind, sender);
  return { code: 0, out: `${JSON.stringify(publicPart)}\n`, err: 'Put this public key into secrets of the source:\n' };
}

async function runSample(kind: string, values: Values, config: Config, now: () => number): Promise<Result> {
  const origin = safeOriginOf(values.url, config);
  const sender = await sampleOf(kind);
  const source = await sourceOfKind(config, kind, values.source);
  const secret = await secretOf(sender, source, config);
  const { person = NOBODY, event = sender.defaultEvent } = values;
  const id = `sample-${randomUUID()}`;
  const request = await sender.request({ secret, person, event, id, source, nowMs: now() });
  const url = `${origin}/hooks/${source.name}${request.path}`;
  if (values.print) return { code: 0, out: requestText(url, request, source), err: '' };
  const response = await send(url, request);
  if (response.status >= 300) return { code: 1, out: '', err: `${refusalText(response, source)}\n` };
  const jobId = jobIdOf(response);
  const sent = `sent: ${event} of ${person} to ${url}\nstatus: ${response.status}\njob: ${jobId ?? 'none'}\n`;
  if (!values.wait || jobId === undefined)
    return { code: 0, out: `${sent}See it with: npm run -s admin -- jobs\n`, err: '' };
  return { code: 0, out: sent + outcomeText(await endedJob(config, jobId)), err: '' };
}

/** @throws UsageError for an address to which the secret in a header would go unencrypted over a network */
function safeOriginOf(given: string | undefined, config: Config): string {
  const origin = originOf(given, config, HELP);
  const { protocol, hostname } = new URL(origin);
  const isLocal = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
  if (given !== undefined && protocol === 'http:' && !isLocal)
    throw new UsageError('--url must begin with https:// for another machine', HELP);
  return origin;
}

async function secretOf(sender: SampleSender, source: Source, { dataDir }: Config): Promise<string> {
  if (sender.signsWithPrivateKey) return readSampleKey(dataDir, source.kind);
  const [secret] = source.secrets;
  if (secret === undefined) throw new Error(`the source ${source.name} has no secret in HOOKS`);
  return secret;
}

async function send(url: string, { method, headers, body }: SampleRequest): Promise<HttpResponse> {
  try {
    return await sendRequest({ method, url, headers, ...(body !== '' && { body }) }, TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const { origin } = new URL(url);
    if (error.failure !== 'unsent') throw new Error(`no answer from ${origin}; the service may have recorded a job`);
    throw new Error(`there is no service at ${origin}. Start it with npm start, or name its address with --url`);
  }
}

function requestText(url: string, { method, headers, body }: SampleRequest, { secrets }: Source): string {
  const masked = (name: string, value: string) =>
    name === 'authorization' || secrets.some((secret) => value.includes(secret)) ? '***' : value;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${masked(name, value)}`);
  return [`${method} ${url}`, ...lines, '', body, ''].join('\n');
}

function outcomeText({ state, mode, wouldRevoke = 0, revoked }: Job): string {
  return `state: ${state}\n${mode === 'observe' ? `would revoke: ${wouldRevoke}` : `revoked: ${revoked}`}\n`;
}

/** Waits for the end of the job in the store that the settings name. @throws Error if it does not end in time */
async function endedJob(config: Config, jobId: string): Promise<Job> {
  const { store } = await openServices(config);
  try {
    const endsAtMs = performance.now() + WAIT_MS_MAX;
    while (performance.now() < endsAtMs) {
      const job = await store.jobs.job(jobId);
      if (!job)
        throw new Error(`the job ${jobId} is not in this data folder: the service uses another DATA_DIR or STORE`);
      if (FINAL_STATES.includes(job.state)) return job;
      await delay(POLL_MS);
    }
    throw new Error(`the job ${jobId} has not ended within a minute; see it with: npm run -s admin -- jobs`);
  } finally {
    await store.close();
  }
}
