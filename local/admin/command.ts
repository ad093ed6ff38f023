/** The type of an admin command: its options, what it works on, and what it prints. */
import type { Services } from '../../lib/services.ts';
import type { Row } from './table.ts';

/** All options. Those that a command can require have a `value` for the example in its help. */
export const OPTIONS = {
  domain: { value: 'acme', about: 'domain of the project; created if it does not exist' },
  name: { value: 'reports', about: '1 to 64 letters, digits or . _ @ -' },
  user: { value: '0c1f6e9ab3d84f7f9d2a5b6c7e8f9012', about: 'id of a user; see list-users' },
  project: { value: '5a0b1c2d3e4f46789a8b7c6d5e4f3021', about: 'id of a project; see list-projects' },
  role: { value: '"KMS Administrator"', about: 'name of a role; see list-roles' },
  'access-key': { value: 'A1B2C3D4E5F6G7H8I9J0', about: 'access key (AK); see list-access-keys' },
  identity: {
    value: 'anna@example.com',
    about: 'e-mail address or id by which another system knows a user; for chat, what whoami shows there',
  },
  principal: { value: '0c1f6e9ab3d84f7f9d2a5b6c7e8f9012', about: 'id of the user or domain that holds grants' },
  job: { value: '906c777d3213aab1e71d1b6ff495d57c', about: 'id of a job; see jobs' },
  source: {
    value: 'github-acme',
    about: 'name of a source in HOOKS; for mappings: all sources of webhooks by default',
  },
  hook: { value: '109948940', about: 'number of the webhook at GitHub: the last part of the address of its settings' },
  grantee: { about: 'id of a user or domain: only events of grants to it' },
  id: { about: 'id at the upstream KMS; a new id by default' },
  key: { about: 'id of a key: only its events' },
  grant: { about: 'id of a grant: only its events' },
  org: { about: 'organisation whose webhook it is' },
  repo: { about: 'repository whose webhook it is, as owner/name' },
  since: { about: 'a time such as 2026-11-29 or 2026-11-29T10:00:00Z: only later deliveries; by default all' },
  api: { about: 'address of the API of GitHub Enterprise, such as https://github.example.com/api/v3' },
  'token-file': { about: 'file with a token for the API; by default the environment variable GITHUB_TOKEN' },
  yes: { about: 'do it; without this option, the command only shows what it would do', isFlag: true },
  limit: { about: 'the most entries to list, 1 to 1000; 20 by default' },
  replace: { about: 'remove all other mappings of the identity for that source', isFlag: true },
} as const;

type Option = keyof typeof OPTIONS;
type OptionalOption =
  | 'id'
  | 'key'
  | 'grant'
  | 'grantee'
  | 'limit'
  | 'replace'
  | 'org'
  | 'repo'
  | 'since'
  | 'api'
  | 'token-file'
  | 'yes';
type RequiredOption = Exclude<Option, OptionalOption>;

/** Whether the option has no value: it is given or not. */
export const isFlag = (option: Option) => 'isFlag' in OPTIONS[option];

/** Values by option; those that the command requires are present. The value of a flag that is given is `true`. */
export type Values = Readonly<Record<RequiredOption, string> & Partial<Record<OptionalOption, string>>>;

export interface Output {
  /** Printed as JSON with --json, else as a table. */
  data: Row | Row[];
  /** Printed instead of `data` without --json, where `data` is too long to read. */
  brief?: Row | Row[];
  /** A line below the table; with --json it goes to standard error. */
  note?: string;
  /** What may be a mistake; printed to standard error. */
  warnings?: string[];
  /** Further lines below the note, without --json; `data` holds them too. */
  lines?: string[];
  /** Whether the process exits with 1. */
  hasFailed?: boolean;
}

/** The services that commands use. */
export type AdminServices = Pick<Services, 'store' | 'queue' | 'accounts' | 'config' | 'now'>;

export interface Command {
  name: string;
  summary: string;
  required: readonly RequiredOption[];
  optional: readonly Option[];
  /** Whether the command creates the data folder and database; all others fail without a database. */
  createsDataDir: boolean;
  run(services: AdminServices, values: Values): Promise<Output>;
}

type Details = Partial<Pick<Command, 'required' | 'optional' | 'createsDataDir'>>;

export const LIMIT_DEFAULT = 20;

export function command(name: string, summary: string, details: Details, run: Command['run']): Command {
  return { name, summary, required: [], optional: [], createsDataDir: false, ...details, run };
}
