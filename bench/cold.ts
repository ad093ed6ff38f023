/** `npm run bench:cold`: what each function costs before its first answer, beside the least that it could cost. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bundle, bundleAll } from './cold/bundles.ts';
import { type Measured, tableOf } from './cold/report.ts';
import { eventFor, isServed } from './cold/requests.ts';
import { coldStart } from './cold/start.ts';
import { type Opened, openWorld } from './cold/table.ts';

/** Without `--rounds`, no round begins after this long. */
const ROUNDS_MS = 75_000;

const HELP = `Usage: npm run -s bench:cold [-- --rounds N] [--only name]

Bundles every function as deploy does (options of serverless.yml) and starts each in a fresh process, without a compile
cache, on a DynamoDB Local with the demo project in it, over TLS as on AWS; where there is no Java, on a server without
items. One process after the other, all bundles once a round; a first round is not counted.

  bytes     of the bundle
  import    of require() alone, as the process sees it; "cpu" is the processor time of it
  answer    from before the process is made to the first answer, the calls to the table in it: a page listed, a grant
            or a key really made or changed, a password checked. "status" is that of the answer.

Beside them, bundled with the same options: an empty handler, an empty handler with middy and Powertools' logger, and
list-grants with the AWS SDK's DynamoDB client in place of our own calls. "x logger" and "x SDK" are ratios to these,
taken within each round; every number is the median over the rounds, and "rounds" from which to which they went.

  --rounds N   so many; without it, as many as begin within ${ROUNDS_MS / 1000} seconds
  --only name  this function and the peers only; may be given again
  --help       this text`;

async function run(rounds: number | undefined, only: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-cold-'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      // DynamoDB Local ends with this process, however that ends.
      rmSync(folder, { recursive: true, force: true });
      process.exit(130);
    });
  }
  let opened: Opened | undefined;
  try {
    tell('bundling');
    const bundles = await bundleAll(folder, only);
    tell('starting DynamoDB Local');
    opened = await openWorld(folder);
    return tableOf(await measure(bundles, opened, rounds), opened.what);
  } finally {
    await opened?.close();
    rmSync(folder, { recursive: true });
    tell('');
  }
}

/** Round by round, so that what disturbs the machine disturbs all bundles alike. */
async function measure(bundles: readonly Bundle[], opened: Opened, rounds?: number): Promise<Measured[]> {
  const measured: Measured[] = bundles.map((bundle) => ({ bundle, starts: [] }));
  const startMs = performance.now();
  const goesOn = (round: number) => (rounds ? round <= rounds : round < 2 || performance.now() - startMs < ROUNDS_MS);
  for (let round = 0; goesOn(round); round += 1) {
    tell(round === 0 ? 'warming up' : `round ${round}${rounds ? ` of ${rounds}` : ''}`);
    for (const { bundle, starts } of measured) {
      const start = await coldStart(bundle.file, await eventFor(bundle, opened.world), opened.env);
      const worst = opened.isServing && isServed(bundle) ? 201 : 499;
      if ((start.status ?? 200) > worst) throw new Error(`${bundle.name} answered ${start.status}: ${start.body}`);
      if (round > 0) starts.push(start);
    }
  }
  return measured;
}

/** Progress, on one line; only where someone watches. */
function tell(what: string): void {
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
    throw new Error('--rounds takes a number from 1');
  console.log(values.help ? HELP : await run(rounds, values.only));
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
