/** The command `npm run test:model -- --runs N`, which runs any number of random commands. */
import { parseArgs } from 'node:util';
import { startKeeper, stopKeeper } from '../support/dynamodb/keeper-process.ts';
import { checkHistories, replayHistory } from './check.ts';
import { DYNAMODB, ENGINES, type Engine, SQLITE } from './engines.ts';

const HELP = `npm run test:model -- [options]

Runs random histories of requests on a reference model and on the service side by side and compares every answer.

  --runs N        the least number of commands to run (default 10000)
  --store NAME    ${ENGINES.map(({ name }) => name).join(' or ')} (default sqlite)
                  dynamodb also runs each history on sqlite and needs Java
  --seed S        a whole number that determines the histories (default: a new one in each run)
  --replay JSON   runs the one history that a failed run has printed
  --help          prints this text

If an answer differs, prints the seed and the shortest history found and exits with 1.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '10000' },
      store: { type: 'string', default: 'sqlite' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      replay: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const [runs, seed] = [wholeNumber('runs', values.runs), wholeNumber('seed', values.seed)];
  const engines = enginesOf(values.store);
  try {
    if (engines.includes(DYNAMODB)) process.env['TEST_DYNAMODB_ENDPOINT'] ??= await startKeeper();
    const startMs = performance.now();
    const checked = await (values.replay
      ? replayHistory(engines, JSON.parse(values.replay))
      : checkHistories(engines, runs, seed));
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    const names = engines.map(({ name }) => name).join(' and ');
    console.log(
      `${checked.commands} commands in ${checked.histories} histories on ${names}: all answers equal those of the model`,
    );
    console.log(`seed ${values.replay ? 'none' : seed}, ${seconds} s`);
  } finally {
    await stopKeeper();
  }
}

function enginesOf(name: string): Engine[] {
  const engine = ENGINES.find((one) => one.name === name);
  if (!engine) throw new Error(`--store ${name}: unknown store; see --help`);
  return engine === SQLITE ? [SQLITE] : [SQLITE, engine];
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} ${text}: must be a whole number of at most 9 digits`);
  return Number(text);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
