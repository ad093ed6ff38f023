/** `npm start`: the whole service on one machine. */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { deleteOwnDueKeys } from '../lib/authority/due-keys.ts';
import { chatSourcesOf } from '../lib/chat/sources.ts';
import type { Config } from '../lib/config.ts';
import { describeCause, logger } from '../lib/logger.ts';
import { useServices } from '../lib/services.ts';
import { readAllSources } from '../lib/webhooks/all-sources.ts';
import { targetsOf } from '../lib/webhooks/outbound/targets.ts';
import { readLocalConfig, usesTemporaryKey } from './aws-credentials.ts';
import { createDemoOnFirstStart, type Demo, finishFirstStart } from './demo.ts';
import { demoFiles, withDemoHooks } from './demo-files.ts';
import { createGateway, drain } from './gateway.ts';
import { openServices } from './open-services.ts';
import { ensureWebsite } from './website.ts';
import { welcome } from './welcome.ts';
import { startWorker, type Worker } from './worker.ts';

const HELP = `Usage: npm start [-- --no-demo]

Runs the grant service on this machine. The first start with an empty data folder or local table creates a demo project.

  --no-demo   start without the demo project; to create your own project, see: npm run admin -- --help
  --help      print this text

Settings are environment variables (docs/configuration.md): HOST, PORT, DATA_DIR, CORS_ORIGINS, PUBLIC_URL, CONSOLE,
TRUSTED_PROXIES, REGION, GRANTS_PER_KEY, KEYS_PER_PROJECT, STORE, TABLE, DYNAMODB_ENDPOINT, ROOT_KEY_SECRET, AWS_REGION
and AWS credentials. With an upstream KMS (docs/upstream/): AUTHORITY, KMS_ENDPOINT, KMS_CREDENTIALS, KMS_ACCESS_KEY,
KMS_SECRET_KEY, KMS_SECURITY_TOKEN, KMS_RATE_PER_SECOND, KMS_TIMEOUT_SECONDS, IDENTITY, IAM_ENDPOINT,
TOKEN_CACHE_SECONDS, PROJECTS. Webhooks (docs/webhooks/) and chat: HOOKS, TARGETS, CHAT_APPROVERS, QUEUE_URL,
DEAD_LETTER_URL. Outgoing connections: HTTP_PROXY, HTTPS_PROXY, NO_PROXY.`;

/** Less than the 10 s after which container runtimes kill the process. */
const DRAIN_TIMEOUT_MS = 8_000;
const DELETION_INTERVAL_MS = 60_000;

async function start(isDemoWanted: boolean): Promise<void> {
  // Files that this process creates are readable by their owner only.
  process.umask(0o077);
  const settings = readLocalConfig();
  if (usesTemporaryKey(settings)) {
    const cause = 'Temporary credentials in the environment cannot be renewed. Use AWS_PROFILE or a role instead.';
    logger.warn('settings', { setting: 'AWS_SESSION_TOKEN', cause });
  }
  const demo = await prepare(settings, isDemoWanted);
  const config = withDemoHooks(settings);
  const { trustedProxies, hasConsole } = config;
  ensureWebsite();
  const { promise: startedWorker, resolve: setWorker } = Promise.withResolvers<Worker>();
  const services = await openServices(config, { notifyOutbox: async () => (await startedWorker).notifyOutbox() });
  // Invalid sources or targets abort the start instead of failing the first webhook or command.
  await Promise.all([readAllSources(services), targetsOf(services)()]);
  await chatSourcesOf(services)();
  useServices(services);
  const server = await createGateway(config.corsOrigins, { trustedProxies, hasConsole });

  const worker = await startWorker(services);
  setWorker(worker);
  const deletionTimer = setInterval(() => {
    deleteOwnDueKeys(services).catch((error: unknown) => {
      if (server.listening) logger.error('deletion', { cause: describeCause(error) });
    });
  }, DELETION_INTERVAL_MS);
  const stop = async () => {
    clearInterval(deletionTimer);
    await Promise.all([
      drain(server, DRAIN_TIMEOUT_MS),
      Promise.race([worker.stop(), pause(DRAIN_TIMEOUT_MS, undefined, { ref: false })]),
    ]);
    await services.store.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  }).catch(async (error: NodeJS.ErrnoException) => {
    await stop();
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error(
      `Port ${config.port} of ${config.host} is in use. Set PORT to a free port, or to 0 for any free port.`,
    );
  });
  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  printWelcome(`http://${host}:${port}`, config, demo);
}

/**
 * Completes an earlier first start that was interrupted, and creates the demo on a first start. @returns the new demo,
 * if any
 */
async function prepare(config: Config, isDemoWanted: boolean): Promise<Demo | undefined> {
  finishFirstStart(config.dataDir);
  return isDemoWanted ? createDemoOnFirstStart(config) : undefined;
}

function printWelcome(url: string, config: Config, demo: Demo | undefined): void {
  const { dataDir, upstream, keystone, hasConsole } = config;
  console.log(`kms-grants listens on ${url}`);
  if (upstream) console.log(`Keys and grants are at the upstream KMS ${upstream.endpoint}.`);
  if (keystone) console.log(`The IAM at ${keystone.endpoint} verifies the tokens.`);
  const files = demoFiles(config);
  const file = resolve(dataDir, files.demo);
  const showsPasswords = process.stdout.isTTY;
  const options = { demoFile: file, loginFile: resolve(dataDir, files.login), showsPasswords, hasConsole };
  if (demo) {
    console.log(welcome(url, demo, options));
    return;
  }
  if (hasConsole) console.log(`The console is at ${url}/console`);
  console.log(`The API is described at ${url}/docs`);
  if (existsSync(file)) console.log(`Demo credentials are in ${file}.`);
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
