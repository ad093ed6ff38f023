/** What every admin command is: its options, what it works on, what it answers. */
import type { Services } from '../../lib/services.ts';
import type { Row } from './table.ts';

/** Every option; those that a command can need with a value for its example. */
export const OPTIONS = {
  domain: { value: 'acme', about: 'domain of the project; made when it is new' },
  name: { value: 'reports', about: '1 to 64 letters, digits or . _ @ -' },
  user: { value: '0c1f6e9ab3d84f7f9d2a5b6c7e8f9012', about: 'id of a user; see list-users' },
  project: { value: '5a0b1c2d3e4f46789a8b7c6d5e4f3021', about: 'id of a project; see list-projects' },
  role: { value: '"KMS Administrator"', about: 'name of a role; see list-roles' },
  'access-key': { value: 'A1B2C3D4E5F6G7H8I9J0', about: 'access key (AK); see list-access-keys' },
  identity: { value: 'anna@example.com', about: 'how another system knows somebody: an e-mail address, an id' },
  principal: { value: '0c1f6e9ab3d84f7f9d2a5b6c7e8f9012', about: 'id of the user or domain that holds grants' },
  job: { value: '906c777d3213aab1e71d1b6ff495d57c', about: 'id of a job; see jobs' },
  source: { about: 'the source that says it; any when left out' },
  grantee: { about: 'id of a user or domain: only receipts of what it holds or held' },
  id: { about: 'its id at the KMS behind this service; a new one when left out' },
  key: { about: 'id of a key: only its receipts' },
  grant: { about: 'id of a grant: only its receipts' },
  limit: { about: 'how many at most, 1 to 1000; 20 when left out' },
} as const;

type Optional = 'id' | 'key' | 'grant' | 'grantee' | 'source' | 'limit';
type Needed = Exclude<keyof typeof OPTIONS, Optional>;

/** The options as given: all that the command needs are there. */
export type Values = Readonly<Record<Needed, string> & Partial<Record<Optional, string>>>;

export interface Output {
  /** What --json prints; people get it as text. */
  data: Row | Row[];
  /** What people get instead, where `data` is too much to read. */
  brief?: Row | Row[];
  /** A line that people must see. */
  note?: string;
  /** What people get below the note; `data` has it too. */
  lines?: string[];
  /** Whether the exit code tells that something is wrong. */
  hasFailed?: boolean;
}

/** What a command works on. */
export type Directory = Pick<Services, 'store' | 'queue' | 'accounts' | 'config' | 'now'>;

export interface Command {
  name: string;
  summary: string;
  needs: readonly Needed[];
  takes: readonly Optional[];
  /** Whether it may start a data folder; all others need one with a database. */
  startsFolder: boolean;
  run(directory: Directory, values: Values): Promise<Output>;
}

type Details = Partial<Pick<Command, 'needs' | 'takes' | 'startsFolder'>>;

export const LIMIT_DEFAULT = 20;

export function command(name: string, summary: string, details: Details, run: Command['run']): Command {
  return { name, summary, needs: [], takes: [], startsFolder: false, ...details, run };
}
