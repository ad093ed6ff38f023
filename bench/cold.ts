/** `npm run bench:cold`: measures the cold start of each function, and compares it with minimal functions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bundle, bundleAll } from './cold/bundles.ts';
import { type BundleStarts, tableOf } from './cold/report.ts';
import { eventFor, hasRequest, isChatRefusal } from './cold/requests.ts';
import { coldStart } from './cold/start.ts';
import { type BenchTable, openTable } from './cold/table.ts';

/** Without `--rounds`, no round starts after this time. */
const ROUNDS_MS = 75_000;

const HELP = `Usage: npm run -s bench:cold [-- --rounds N] [--only name]

Bundles every function with the options of serverless.yml and starts each in a new process, without a compile cache. The
functions use DynamoDB Local with the demo project, over TLS as on AWS; without Java, a server that has no items. One
process runs at a time, each bundle once per round. The first round is not counted.

  bytes     size of the bundle
  import    duration of require(), measured in the process; "cpu" is its processor time
  reply     time from before the process is started to the first reply, including the calls to the table: the function
            really lists a page, changes a grant or key, checks a password, or answers a command in chat. "status" is the status of the reply.

For comparison, bundled with the same options: an empty handler, an empty handler with middy and Powertools' logger, and
list-grants with the AWS SDK's DynamoDB client in place of this project's own. "x logger" and "x SDK" are the ratios to
these in the same round. Each number is the median over the rounds; "rounds" is the range.

  --rounds N   number of rounds; by default as many as start within ${ROUNDS_MS / 1000} seconds
  --only name  measures only this function and those for comparison; can be repeated
  --help       prints this text`;

async function run(rounds: number | undefined, only: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-cold-'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      // DynamoDB Local exits with this process, even without a call to close().
      rmSync(folder, { recursive: true, force: true });
      process.exit(130);
    });
  }
  let table: BenchTable | undefined;
  try {
    showProgress('bundling');
    const bundles = await bundleAll(folder, only);
    showProgress('starting DynamoDB Local');
    table = await openTable(folder);
    return tableOf(await measure(bundles, table, rounds), table.description);
  } finally {
    await table?.close();
    rmSync(folder, { recursive: true });
    showProgress('');
  }
}

/** Starts each bundle once per round, so that other load on the machine affects all bundles alike. */
async function measure(bundles: readonly Bundle[], table: BenchTable, rounds?: number): Promise<BundleStarts[]> {
  const results: BundleStarts[] = bundles.map((bundle) => ({ bundle, starts: [] }));
  const startMs = performance.now();
  const isDue = (round: number) => (rounds ? round <= rounds : round < 2 || performance.now() - startMs < ROUNDS_MS);
  for (let round = 0; isDue(round); round += 1) {
    showProgress(round === 0 ? 'warming up' : `round ${round}${rounds ? ` of ${rounds}` : ''}`);
    for (const { bundle, starts } of results) {
      const start = await coldStart(bundle.file, await eventFor(bundle, table.fixture), table.env);
      const statusMax = table.hasItems && hasRequest(bundle) ? 201 : 499;
      if ((start.status ?? 200) > statusMax) throw new Error(`${bundle.name} replied ${start.status}: ${start.body}`);
      if (table.hasItems && isChatRefusal(start.body)) throw new Error(`${bundle.name} refused: ${start.body}`);
      if (round > 0) starts.push(start);
    }
  }
  return results;
}

/** Overwrites one line of a terminal; prints nothing elsewhere. */
function showProgress(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
    throw new Error('--rounds must be a whole number from 1');
  console.log(values.help ? HELP : await run(rounds, values.only));
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
