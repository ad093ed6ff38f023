/** Runs Schemathesis, which sends random requests by an OpenAPI document and checks each reply against it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { DemoUser } from '../../local/demo.ts';
import type { ServiceProcess } from '../support/process.ts';
import { Children } from './children.ts';
import { passedByRun } from './passed-by-run.ts';

/** The environment variable in which `run.ts` passes the path of the Python in which Schemathesis is installed. */
export const SCHEMATHESIS_VARIABLE = 'SCHEMATHESIS_PYTHON';

const HOOKS = resolve('test/real/schemathesis_hooks.py');

export type Authentication = 'token' | 'signature' | 'nothing';

export const PHASES = ['examples', 'coverage', 'fuzzing', 'stateful'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * Sends random requests to every API that the service describes: valid ones, invalid ones, and sequences of them.
 * @returns its report, if it found a fault
 */
export async function findFaults(
  service: ServiceProcess,
  authentication: Authentication,
  user: DemoUser,
  phases: readonly Phase[],
): Promise<string | undefined> {
  const { project_id, keys, grants, users } = service.demo();
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-schemathesis-'));
  const configuration = join(folder, 'schemathesis.toml');
  writeFileSync(configuration, `[parameters]\n"path.project_id" = ${JSON.stringify(project_id)}\n`);
  const settings = {
    authentication,
    project_id,
    token: await tokenOf(service, user),
    access_key: user.access_key,
    secret_key: user.secret_key,
    known_ids: {
      key_id: keys.map((key) => key.key_id),
      grant_id: grants.map((grant) => grant.grant_id),
      grantee_principal: users.map((one) => one.user_id),
    },
  };
  const children = new Children();
  try {
    const { code, output } = await children.run(
      passedByRun(SCHEMATHESIS_VARIABLE),
      [
        '-m',
        'schemathesis.cli',
        `--config-file=${configuration}`,
        'run',
        `${service.url}/openapi.json`,
        '--checks=all',
        `--phases=${phases.join(',')}`,
        '--max-examples=6',
        '--continue-on-failure',
        '--request-timeout=30',
        '--workers=2',
      ],
      {
        // It writes files into its working folder.
        cwd: folder,
        env: {
          PATH: process.env['PATH'],
          HOME: folder,
          PYTHONPATH: dirname(HOOKS),
          SCHEMATHESIS_HOOKS: 'schemathesis_hooks',
          SCHEMATHESIS_SETTINGS: JSON.stringify(settings),
        },
      },
    );
    return code === 0 ? undefined : output;
  } finally {
    children.endAll();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tokenOf({ url, demo }: ServiceProcess, user: DemoUser): Promise<string> {
  const response = await fetch(`${url}/v3/auth/tokens`, {
    method: 'POST',
    body: JSON.stringify({
      auth: {
        identity: { methods: ['password'], password: { user: { id: user.user_id, password: user.password } } },
        scope: { project: { id: demo().project_id } },
      },
    }),
  });
  return response.headers.get('x-subject-token') ?? '';
}
