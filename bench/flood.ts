/** `npm run bench:flood`: how long a caller waits while other clients flood the service. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Demo } from '../local/demo.ts';
import { logIn, pathOf, type ServerProcess, send, startService, stop } from './service.ts';

const HELP = `Usage: npm run -s bench:flood [-- --quick]

Starts the service on a temporary data folder. A caller lists keys, each time on a new connection, while other clients
of the same address

  pipeline  send 64 KB of GET requests at once on each connection, and read the replies
  silent    open connections and send nothing

Prints how long the caller waited for its replies. The aim: 50 connections that pipeline delay it by at most 1 s.

  --quick   takes a few seconds
  --help    prints this text`;

interface Plan {
  /** Connections that pipeline, for each measurement. */
  pipelining: number[];
  silent: number;
  /** The caller ends after this time, even if the flood does not end. */
  seconds: number;
}

const FULL: Plan = { pipelining: [50, 100], silent: 1_100, seconds: 30 };
const QUICK: Plan = { pipelining: [50], silent: 1_100, seconds: 3 };

const AIM_CONNECTIONS = 50;
const AIM_MS = 1_000;
const CALLS_WITHOUT_FLOOD = 100;
/** Between two calls. */
const PAUSE_MS = 20;

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const FLOOD = GET.repeat(Math.floor((64 * 1024) / GET.length));

interface Waits {
  what: string;
  calls: number;
  failed: number;
  p50Ms: number;
  maxMs: number;
}

/** Calls the service until `isOver`. */
async function measure(what: string, call: () => Promise<boolean>, isOver: (calls: number) => boolean): Promise<Waits> {
  const waitsMs: number[] = [];
  let failed = 0;
  do {
    const startMs = performance.now();
    if (!(await call())) failed += 1;
    waitsMs.push(performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  } while (!isOver(waitsMs.length));
  waitsMs.sort((a, b) => a - b);
  const p50Ms = waitsMs[Math.floor(waitsMs.length / 2)] ?? 0;
  return { what, calls: waitsMs.length, failed, p50Ms, maxMs: waitsMs.at(-1) ?? 0 };
}

async function openConnections(port: number, count: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
      return socket;
    }),
  );
}

async function run(plan: Plan, service: ServerProcess, demo: Demo): Promise<Waits[]> {
  const { port } = service;
  const token = await logIn(port, demo);
  const call = () =>
    send(port, pathOf(demo.project_id, 'list-keys'), token, {}).then(
      ({ status }) => status === 200,
      () => false,
    );
  const results = [await measure('nothing else', call, (calls) => calls >= CALLS_WITHOUT_FLOOD)];
  for (const count of plan.pipelining) {
    const sockets = await openConnections(port, count);
    const repliesAwaited = count * Math.floor(FLOOD.length / GET.length);
    let replies = 0;
    for (const socket of sockets) {
      socket.on('data', (bytes: Buffer) => {
        replies += bytes.toString('latin1').split('HTTP/1.1 ').length - 1;
      });
      socket.write(FLOOD);
    }
    const untilMs = performance.now() + plan.seconds * 1000;
    const isOver = () => replies >= repliesAwaited || performance.now() >= untilMs;
    results.push(await measure(`${count} connections that pipeline 64 KB`, call, isOver));
    for (const socket of sockets) socket.destroy();
  }
  const silent = await openConnections(port, plan.silent);
  results.push(await measure(`${plan.silent} silent connections`, call, (calls) => calls >= CALLS_WITHOUT_FLOOD));
  for (const socket of silent) socket.destroy();
  return results;
}

function printReport(results: Waits[]): void {
  console.log('while                                 calls   failed    p50 ms    max ms');
  for (const { what, calls, failed, p50Ms, maxMs } of results) {
    const numbers = [calls, failed, p50Ms.toFixed(1), maxMs.toFixed(1)];
    console.log(what.padEnd(36), ...numbers.map((number) => String(number).padStart(8)));
  }
  const [quiet] = results;
  const flood = results.find(({ what }) => what.startsWith(`${AIM_CONNECTIONS} connections`));
  const addedMs = (flood?.maxMs ?? 0) - (quiet?.p50Ms ?? 0);
  const verdict = addedMs <= AIM_MS && flood?.failed === 0 ? 'met' : 'MISSED';
  console.log(`aim: ${AIM_CONNECTIONS} connections that pipeline delay a caller by at most ${AIM_MS} ms: ${verdict}`);
}

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(HELP);
} else {
  const dataDir = mkdtempSync(join(tmpdir(), 'kms-grants-bench-'));
  const service = await startService(dataDir);
  try {
    const demo = JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8')) as Demo;
    printReport(await run(values.quick ? QUICK : FULL, service, demo));
  } finally {
    await stop(service);
    rmSync(dataDir, { recursive: true });
  }
}
