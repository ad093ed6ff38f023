/** `npm start`: the whole service on one machine. */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Config, readConfig } from '../lib/config.ts';
import { describeCause, logger } from '../lib/logger.ts';
import { useServices } from '../lib/services.ts';
import { sourcesOf } from '../lib/webhooks/inbound/sources.ts';
import { targetsOf } from '../lib/webhooks/outbound/targets.ts';
import { createDemoOnFirstStart, DEMO_FILE, type Demo, finishFirstStart, LOGIN_FILE } from './demo.ts';
import { createGateway, drain } from './gateway.ts';
import { openServices } from './open-services.ts';
import { welcome } from './welcome.ts';
import { startWorker, type Worker } from './worker.ts';

const HELP = `Usage: npm start [-- --no-demo]

Runs the grant service on this machine. The first start with an empty data folder (or local table) makes a demo project.

  --no-demo   start without the demo project; make your own with: npm run admin -- --help
  --help      this text

Settings (environment; see README.md): HOST, PORT, DATA_DIR, CORS_ORIGINS, REGION, GRANTS_PER_KEY, KEYS_PER_PROJECT,
STORE, TABLE, DYNAMODB_ENDPOINT, ROOT_KEY_SECRET, AWS_REGION and AWS credentials. In front of another KMS (see
docs/upstream.md): AUTHORITY, KMS_ENDPOINT, KMS_CREDENTIALS, KMS_ACCESS_KEY, KMS_SECRET_KEY, KMS_SECURITY_TOKEN,
KMS_RATE_PER_SECOND, KMS_TIMEOUT_SECONDS, IDENTITY, IAM_ENDPOINT, TOKEN_CACHE_SECONDS, PROJECTS. Hooks (see docs/hooks.md):
HOOKS, TARGETS, QUEUE_URL, DEAD_LETTER_URL.`;

/** Less than the ten seconds after which a container's runtime kills. */
const DRAIN_MS = 8_000;
const DELETION_EVERY_MS = 60_000;

async function start(isDemoWanted: boolean): Promise<void> {
  // Whatever this process writes is for its owner only.
  process.umask(0o077);
  const config = readConfig();
  const demo = await prepare(config, isDemoWanted);
  const { promise: working, resolve: isWorking } = Promise.withResolvers<Worker>();
  const services = await openServices(config, { tell: async () => (await working).tell() });
  // Those that cannot be used show now and not at the first hook.
  await Promise.all([sourcesOf(services)(), targetsOf(services)()]);
  useServices(services);
  const server = await createGateway(config.corsOrigins);

  const worker = await startWorker(services);
  isWorking(worker);
  const deletion = setInterval(() => {
    services.deleteDueKeys().catch((error: unknown) => {
      if (server.listening) logger.error('deletion', { cause: describeCause(error) });
    });
  }, DELETION_EVERY_MS);
  const stop = async () => {
    clearInterval(deletion);
    await Promise.all([
      drain(server, DRAIN_MS),
      Promise.race([worker.stop(), pause(DRAIN_MS, undefined, { ref: false })]),
    ]);
    await services.store.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  }).catch(async (error: Error) => {
    await stop();
    throw error;
  });
  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  greet(`http://${host}:${port}`, config, demo);
}

/** The first start's demo; on any start, an end to what a first start that was cut off has left. */
async function prepare(config: Config, isDemoWanted: boolean): Promise<Demo | undefined> {
  finishFirstStart(config.dataDir);
  return isDemoWanted ? createDemoOnFirstStart(config) : undefined;
}

function greet(url: string, { dataDir, upstream, keystone }: Config, demo: Demo | undefined): void {
  console.log(`kms-grants listens on ${url}`);
  if (upstream) console.log(`It stands in front of the KMS at ${upstream.endpoint}.`);
  if (keystone) console.log(`Tokens are checked by the IAM at ${keystone.endpoint}.`);
  const file = resolve(dataDir, DEMO_FILE);
  if (demo) console.log(welcome(url, demo, { demoFile: file, loginFile: resolve(dataDir, LOGIN_FILE) }));
  else if (existsSync(file)) console.log(`Demo credentials are in ${file}.`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { demo: { type: 'boolean', default: true }, help: { type: 'boolean', default: false } },
    allowNegative: true,
  });
  if (values.help) console.log(HELP);
  else await start(values.demo);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
