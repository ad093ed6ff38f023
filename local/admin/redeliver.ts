/** The admin command `redeliver`: asks GitHub for the deliveries that this service has missed. */
import { readPrivateFile } from '../../lib/clients/secrets.ts';
import { AccountError } from '../../lib/identity/accounts.ts';
import { readAllSources } from '../../lib/webhooks/all-sources.ts';
import { jobIdOf } from '../../lib/webhooks/inbound/record.ts';
import { meaningOf, type Source } from '../../lib/webhooks/inbound/source.ts';
import { type AdminServices, command, type Output, type Values } from './command.ts';
import { type Delivery, GitHubError, type GitHubHook, listDeliveries, redeliver } from './github-deliveries.ts';

const GITHUB_API = 'https://api.github.com';
/** Requests to it carry the token, so plain HTTP is allowed only to this machine. */
const API_URL = /^(?:https:\/\/[\w.-]+|http:\/\/(?:127(?:\.\d{1,3}){3}|localhost))(?::\d{1,5})?(?:\/[\w.-]+)*$/;
/** A name of an organisation or repository. `.` and `..` are refused, because they are steps in a path. */
const NAME = /^(?!\.{1,2}$)[\w.-]{1,100}$/;
const TOKEN = /^[\x21-\x7e]{1,1000}$/;

export const REDELIVER = command(
  'redeliver',
  'ask GitHub for the deliveries of a webhook that this service has missed',
  { required: ['source', 'hook'], optional: ['org', 'repo', 'since', 'api', 'token-file', 'yes'] },
  async (services, values) => {
    const source = await gitHubSource(services, values.source);
    const hook = await hookOf(services, values);
    const sinceMs = values.since === undefined ? 0 : Date.parse(values.since);
    if (Number.isNaN(sinceMs)) throw new AccountError('--since must be a time such as 2026-11-29T10:00:00Z');
    const listed = await listDeliveries(hook, sinceMs);
    const missed = await missedOf(services, source, listed);
    return values.yes ? askFor(hook, missed) : preview(listed, missed);
  },
);

async function gitHubSource(services: AdminServices, name: string): Promise<Source> {
  const source = (await readAllSources(services)).get(name);
  if (source?.kind !== 'github-org') {
    throw new AccountError(`HOOKS has no source ${name} of the kind github-org; set HOOKS as for the service`);
  }
  return source as Source;
}

async function hookOf({ config, now }: AdminServices, values: Values): Promise<GitHubHook> {
  const { org, repo, hook, api = GITHUB_API } = values;
  const [owner = '', name = '', ...rest] = (repo ?? '').split('/');
  if ((org === undefined) === (repo === undefined)) throw new AccountError('give either --org or --repo');
  if (org !== undefined && !NAME.test(org)) throw new AccountError('--org must be the name of an organisation');
  if (repo !== undefined && !(NAME.test(owner) && NAME.test(name) && rest.length === 0)) {
    throw new AccountError('--repo must be owner/name');
  }
  if (!/^\d{1,20}$/.test(hook)) throw new AccountError('--hook must be the number of a webhook');
  if (!API_URL.test(api)) throw new AccountError('--api must be an address that begins with https://');
  const path = org === undefined ? `/repos/${owner}/${name}/hooks/${hook}` : `/orgs/${org}/hooks/${hook}`;
  return { apiUrl: api, path, token: await tokenOf(config.gitHubToken, values['token-file']), nowMs: now() };
}

/** The token is no option: other users of the machine could read it in the list of processes. */
async function tokenOf(variable: string | undefined, path: string | undefined): Promise<string> {
  const text = path === undefined ? (variable ?? '') : await readTokenFile(path);
  const token = text.trim();
  if (token === '') throw new AccountError('set GITHUB_TOKEN, or give a file with the token as --token-file');
  if (!TOKEN.test(token))
    throw new AccountError(
      'the token (GITHUB_TOKEN, or the file of --token-file) must be printable ASCII without spaces',
    );
  return token;
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return (await readPrivateFile(path)).toString();
  } catch (error) {
    throw new AccountError(`--token-file cannot be used: ${(error as Error).message}`);
  }
}

/** Returns one attempt of each event that the source acts on and that has no job. */
async function missedOf({ store }: AdminServices, source: Source, listed: readonly Delivery[]): Promise<Delivery[]> {
  const events = new Map(listed.map((delivery) => [delivery.guid, delivery]));
  const missed: Delivery[] = [];
  for (const delivery of events.values()) {
    if (meaningOf(source, nameOf(delivery)) === 'ignore') continue;
    // Not the status that GitHub saw: a reply may have been late, and a database may have been restored.
    if (!(await store.jobs.job(jobIdOf(source.name, delivery.guid)))) missed.push(delivery);
  }
  return missed;
}

const nameOf = ({ event, action }: Delivery) => `${event}.${action}`;

const rowOf = (delivery: Delivery, result: string) => ({
  delivery: delivery.guid,
  event: nameOf(delivery),
  at: delivery.delivered_at,
  status: delivery.status,
  result,
});

function preview(listed: readonly Delivery[], missed: readonly Delivery[]): Output {
  const counts = `Attempts that GitHub lists: ${listed.length}. Events without a job here: ${missed.length}.`;
  return {
    data: missed.map((delivery) => rowOf(delivery, 'missed')),
    note: missed.length === 0 ? counts : `${counts} To ask GitHub for them, run the command again with --yes.`,
  };
}

/** Asks for one after the other. One that GitHub refuses does not stop the rest, except for the rate limit. */
async function askFor(hook: GitHubHook, missed: readonly Delivery[]): Promise<Output> {
  const rows = [];
  const warnings = new Set<string>();
  let isOver = false;
  for (const delivery of missed) {
    const refusal: Error | undefined = isOver ? undefined : await refusalOf(hook, delivery);
    if (refusal) warnings.add(refusal.message);
    rows.push(rowOf(delivery, isOver || refusal ? 'not asked for' : 'asked for'));
    isOver ||= refusal instanceof GitHubError && refusal.isRateLimit;
  }
  const note = 'GitHub delivers within seconds. Then run the command without --yes: what arrived is not listed.';
  return { data: rows, warnings: [...warnings], hasFailed: warnings.size > 0, ...(rows.length > 0 && { note }) };
}

async function refusalOf(hook: GitHubHook, delivery: Delivery): Promise<Error | undefined> {
  try {
    await redeliver(hook, delivery);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
