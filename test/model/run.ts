/** `npm run test:model -- --runs N`: as many random commands as one has time for. */
import { parseArgs } from 'node:util';
import { startKeeper, stopKeeper } from '../support/dynamodb/keeper-process.ts';
import { checkHistories, replayHistory } from './check.ts';
import { DYNAMODB, ENGINES, type Engine, SQLITE } from './systems.ts';

const HELP = `npm run test:model -- [options]

Runs random histories of requests on a reference model and on the service side by side and compares every answer.

  --runs N        how many commands to run at least (default 10000)
  --store NAME    ${ENGINES.map(({ name }) => name).join(' or ')} (default sqlite); dynamodb runs beside sqlite and needs Java
  --seed S        whole number that the histories come from (default: a new one each time)
  --replay JSON   runs this one history, as a mismatch printed it
  --help          this text

Ends with 1 where an answer differs, and prints the seed and the shortest history found.`;

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
    console.log(`${checked.commands} commands in ${checked.histories} histories on ${names}: answered as by the model`);
    console.log(`seed ${values.replay ? 'none' : seed}, ${seconds} s`);
  } finally {
    await stopKeeper();
  }
}

function enginesOf(name: string): Engine[] {
  const wanted = ENGINES.find((engine) => engine.name === name);
  if (!wanted) throw new Error(`--store ${name}: there is no such store; see --help`);
  return wanted === SQLITE ? [SQLITE] : [SQLITE, wanted];
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} ${text}: must be a whole number of at most 9 digits`);
  return Number(text);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
