/** `npm run test:real`: tests against a real Keystone, a real errbot, and the libraries and tools of others. */
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LIBRARIES_VARIABLE } from './ask-python.ts';
import { bootstrap, TEMPLATE_VARIABLE } from './bootstrap.ts';
import { Children } from './children.ts';
import { ERRBOT_VARIABLE } from './errbot.ts';
import { installOrval, ORVAL_VARIABLE } from './orval.ts';
import { CannotInstall, ERRBOT, findPython, installPackages, KEYSTONE, SCHEMATHESIS, SCIM } from './python.ts';
import { SCHEMATHESIS_VARIABLE } from './schemathesis.ts';
import { SCIM_VARIABLE } from './scim.ts';

const HELP = `npm run test:real -- [options] [jest's own arguments, after another --]

Installs packages of PyPI and npm in node_modules/.cache, and compares this service with them:

  Keystone      this service accepts the tokens of a real OpenStack Keystone on loopback, and no others
  errbot        a person revokes a grant through a real bot, by typing commands
  slack-sdk     Slack's library accepts the signatures and cards of this service
  lark-oapi     Feishu's library accepts what this service signs and encrypts, and the other way round
  schemathesis  random requests by the OpenAPI document find no reply that it does not describe (needs Java)
  scim2-tester  every check of the SCIM server succeeds, and so does every check of scim-sanity
  orval         a client that is generated from the OpenAPI document compiles, lists and revokes grants

Needs Python 3.11 or newer. To run one file: npm run test:real -- -- openapi-sqlite

  --if-python   without such a Python, run no tests and exit with 0
  --help        this text`;

const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--config=test/real/jest.config.js',
];

async function run(children: Children, folder: string, python: string, more: readonly string[]): Promise<number> {
  const keystone = await installPackages(children, python, KEYSTONE);
  const errbot = await installPackages(children, python, ERRBOT);
  const schemathesis = await installPackages(children, python, SCHEMATHESIS);
  const scim = await installPackages(children, python, SCIM);
  const orval = await installOrval(children);
  const template = await bootstrap(children, keystone, join(folder, 'template'));
  // Temporary files of interrupted tests are in this folder, which is deleted at the end.
  const env = {
    ...process.env,
    TMPDIR: folder,
    [TEMPLATE_VARIABLE]: JSON.stringify(template),
    [ERRBOT_VARIABLE]: errbot,
    [LIBRARIES_VARIABLE]: keystone,
    [SCHEMATHESIS_VARIABLE]: schemathesis,
    [SCIM_VARIABLE]: scim,
    [ORVAL_VARIABLE]: orval,
  };
  const { code } = await children.run(process.execPath, [...JEST, ...more], { env, isShown: true });
  return code ?? 1;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { 'if-python': { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (values.help) return console.log(HELP);
  const children = new Children();
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-real-'));
  let signalled: NodeJS.Signals | undefined;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      signalled ??= signal;
      children.endAll();
    });
  }
  try {
    const python = await findPython(children).catch((error: Error) => {
      if (!values['if-python'] || !(error instanceof CannotInstall)) throw error;
      console.log(`${error.message}\nThe tests against Keystone, errbot and libraries for Python were not run.`);
    });
    if (python) process.exitCode = await run(children, folder, python, positionals);
  } catch (error) {
    if (!signalled) throw error;
  } finally {
    children.endAll();
    rmSync(folder, { recursive: true, force: true });
    if (signalled) process.exitCode = 128 + constants.signals[signalled];
  }
}

main().catch((error: Error) => {
  console.error(error instanceof CannotInstall ? error.message : error);
  process.exitCode = 1;
});
