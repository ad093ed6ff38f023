/** The loads: list and revoke requests, sent to the service and the floor, and the check of their effect. */
import { readFileSync } from 'node:fs';
import { drive, type Load, post, type Round } from './client.ts';
import type { KeyWithGrants } from './fill.ts';
import { pathOf, type Reply, type ServerProcess, send } from './service.ts';

/** A service, with a token and its project. */
export interface ApiClient {
  service: ServerProcess;
  projectId: string;
  token: string;
}

/** A client of the service, and the floor to compare it with. */
export interface FloorComparison extends ApiClient {
  floor: ServerProcess;
}

/** The result of one round of load, with the server's use of the processor. */
export interface MeasuredRound extends Round {
  /** Processor time of all threads of the server for each reply; NaN on systems other than Linux. */
  cpuMicroseconds: number;
}

/** The results of one load on the floor (a server that only replies) and, right after it, on the service. */
export interface Comparison {
  floor: MeasuredRound;
  service: MeasuredRound;
}

const PAGE_GRANTS = 100;

/** Limits the size of arrays; no server reaches it. */
const PER_SECOND_MAX = 100_000;

/** The most different pages that are requested: more than the page cache holds. */
const PAGES_MAX = 10_000;

export const listBody = ({ keyId }: KeyWithGrants, marker?: string) => ({
  key_id: keyId,
  limit: String(PAGE_GRANTS),
  marker,
});
export const revokeBody = ({ keyId }: KeyWithGrants, grantId: string) => ({ key_id: keyId, grant_id: grantId });

/** @param pages list requests, sent in order and repeated */
export function compareList(
  comparison: FloorComparison,
  pages: Buffer[],
  connections: number,
  seconds: number,
): Promise<Comparison> {
  return compare(comparison, pagesLoad(pages, connections, seconds));
}

/** Revokes each grant once, until the time has passed or no grant is left. */
export function compareRevoke(
  comparison: FloorComparison,
  key: KeyWithGrants,
  grantIds: string[],
  connections: number,
  seconds: number,
): Promise<Comparison> {
  return compare(comparison, revokesLoad(comparison, key, grantIds, connections, seconds));
}

/** As compareRevoke, without the floor. */
export function measureRevoke(
  client: ApiClient,
  key: KeyWithGrants,
  grantIds: string[],
  connections: number,
  seconds: number,
): Promise<MeasuredRound> {
  return measure(client.service, revokesLoad(client, key, grantIds, connections, seconds));
}

function revokesLoad(client: ApiClient, key: KeyWithGrants, grantIds: string[], connections: number, seconds: number) {
  const revokes = grantIds.map((grantId) => requestOf(client, 'revoke-grant', revokeBody(key, grantId)));
  const request = (n: number) => revokes[n % revokes.length] as Buffer;
  return { connections, seconds, requestsMax: revokes.length, request };
}

/** As compareList, without the floor. */
export function measureList(
  client: ApiClient,
  pages: Buffer[],
  connections: number,
  seconds: number,
): Promise<MeasuredRound> {
  return measure(client.service, pagesLoad(pages, connections, seconds));
}

function pagesLoad(pages: Buffer[], connections: number, seconds: number): Omit<Load, 'port'> {
  const request = (n: number) => pages[n % pages.length] as Buffer;
  return { connections, seconds, requestsMax: seconds * PER_SECOND_MAX, request };
}

/** The marker of the page in the middle of the key's list. */
export const middleMarker = ({ grantIds }: KeyWithGrants) => grantIds[grantIds.length / 2] as string;

export function middlePage(client: ApiClient, key: KeyWithGrants): Buffer[] {
  return pagesAfter(client, key, [middleMarker(key)]);
}

/** Requests for full pages all over the key's list, each far from the one before. */
export function scatteredPages(client: ApiClient, key: KeyWithGrants): Buffer[] {
  const positions = key.grantIds.length - PAGE_GRANTS - 1;
  const goldenRatio = 0.618034;
  const markers = Array.from(
    { length: Math.min(positions, PAGES_MAX) },
    (_, n) => key.grantIds[Math.floor(((n * goldenRatio) % 1) * positions)] as string,
  );
  return pagesAfter(client, key, markers);
}

function pagesAfter(client: ApiClient, key: KeyWithGrants, markers: string[]): Buffer[] {
  return markers.map((marker) => requestOf(client, 'list-grants', listBody(key, marker)));
}

/** @throws Error unless the key has exactly `expected` grants */
export async function assertTotal(client: ApiClient, key: KeyWithGrants, expected: number): Promise<void> {
  const { status, body } = await callApi(client, 'list-grants', listBody(key));
  const { total } = JSON.parse(body) as { total?: number };
  if (status !== 200 || total !== expected)
    throw new Error(`the key should have ${expected} grants, but list-grants replied ${body}`);
}

export function callApi({ service, projectId, token }: ApiClient, name: string, body: object): Promise<Reply> {
  return send(service.port, pathOf(projectId, name), token, body);
}

function requestOf({ projectId, token }: ApiClient, name: string, body: object): Buffer {
  return post(pathOf(projectId, name), { 'X-Auth-Token': token }, JSON.stringify(body));
}

/** The floor changes nothing, so it can repeat the same requests for the whole time. */
export async function compare(
  { service, floor }: Pick<FloorComparison, 'service' | 'floor'>,
  load: Omit<Load, 'port'>,
): Promise<Comparison> {
  return {
    floor: await measure(floor, { ...load, requestsMax: load.seconds * PER_SECOND_MAX }),
    service: await measure(service, load),
  };
}

async function measure({ port, child }: ServerProcess, load: Omit<Load, 'port'>): Promise<MeasuredRound> {
  const before = cpuMs(child.pid);
  const round = await drive({ ...load, port });
  return { ...round, cpuMicroseconds: ((cpuMs(child.pid) - before) * 1000) / round.replies };
}

/** Processor time that a process has used. Source: proc_pid_stat(5), utime and stime, in hundredths of a second. */
function cpuMs(pid: number | undefined): number {
  if (process.platform !== 'linux') return Number.NaN;
  const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(afterName[11]) + Number(afterName[12])) * 10;
}
