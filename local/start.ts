/** `npm start`: the whole service on one machine. */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { deleteDueKeys } from '../lib/authority/deletion.ts';
import { ConfigError, readConfig } from '../lib/config.ts';
import { DATABASE_FILE } from '../lib/data-dir.ts';
import { openServices, useServices } from '../lib/services.ts';
import { createDemo, type Demo, readDemo } from './demo.ts';
import { createGateway, drain } from './gateway.ts';
import { welcome } from './welcome.ts';

const HELP = `Usage: npm start [-- --no-demo]

Runs the grant service on this machine. The first start with an empty data folder makes a demo project.

  --no-demo   start without the demo project; make your own with: npm run admin -- --help
  --help      this text

Settings (environment): HOST, PORT, DATA_DIR, CORS_ORIGINS, REGION, GRANTS_PER_KEY, KEYS_PER_PROJECT; see README.md.`;

const DRAIN_MS = 10_000;
const DELETION_EVERY_MS = 60_000;

async function start(isDemoWanted: boolean): Promise<void> {
  // Whatever this process writes is for its owner only.
  process.umask(0o077);
  const config = readConfig();
  const isFirst = !existsSync(join(config.dataDir, DATABASE_FILE));
  const demo = isFirst && isDemoWanted ? await createDemo(config) : undefined;
  const services = openServices(config);
  useServices(services);

  const server = await createGateway(config.corsOrigins);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  greet(`http://${host}:${port}`, config.dataDir, demo);

  const deletion = setInterval(() => {
    deleteDueKeys(services.store.grants, services.now).catch((error: unknown) => console.error(error));
  }, DELETION_EVERY_MS);

  const stop = async () => {
    clearInterval(deletion);
    await drain(server, DRAIN_MS);
    await services.store.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
}

function greet(url: string, dataDir: string, demo: Demo | undefined): void {
  console.log(`kms-grants listens on ${url}`);
  const file = join(dataDir, 'demo.json');
  if (demo) console.log(welcome(url, demo, file));
  else if (readDemo(dataDir)) console.log(`Demo credentials are in ${file}.`);
}

const { values } = parseArgs({
  options: { demo: { type: 'boolean', default: true }, help: { type: 'boolean', default: false } },
  allowNegative: true,
});
if (values.help) {
  console.log(HELP);
} else {
  start(values.demo).catch((error: unknown) => {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exitCode = 1;
  });
}
