/** The loads: what is sent, to whom, and what must be true afterwards. */
import { readFileSync } from 'node:fs';
import { drive, type Load, post, type Round } from './client.ts';
import type { FilledKey } from './fill.ts';
import { pathOf, type Reply, type Running, send } from './service.ts';

/** The service, and who asks it. */
export interface Asking {
  service: Running;
  projectId: string;
  token: string;
}

/** The floor too. */
export interface Target extends Asking {
  floor: Running;
}

/** One round of load, and what it cost the server. */
export interface Cost extends Round {
  /** Processor time of all the server's threads for one answer; NaN where the system does not tell. */
  cpuMicroseconds: number;
}

/** The same load on the floor and, right after it, on the service. */
export interface Turn {
  floor: Cost;
  service: Cost;
}

const PAGE = 100;

/** A bound for the arrays; no server here comes near it. */
const PER_SECOND_MAX = 100_000;

/** Different pages asked for when they are to be anywhere: more than a cache of pages would hold. */
const PAGES_MAX = 10_000;

export const listBody = ({ keyId }: FilledKey, marker?: string) => ({ key_id: keyId, limit: String(PAGE), marker });
export const revokeBody = ({ keyId }: FilledKey, grantId: string) => ({ key_id: keyId, grant_id: grantId });

/** @param pages requests for pages, sent one after the other and then again */
export function listTurn(target: Target, pages: Buffer[], connections: number, seconds: number): Promise<Turn> {
  return takeTurns(target, pagesLoad(pages, connections, seconds));
}

/** Revokes the grants, each once, until the time or the grants are over. */
export function revokeTurn(
  target: Target,
  key: FilledKey,
  grantIds: string[],
  connections: number,
  seconds: number,
): Promise<Turn> {
  return takeTurns(target, revokesLoad(target, key, grantIds, connections, seconds));
}

/** As revokeTurn, without the floor. */
export function revokeRound(
  target: Asking,
  key: FilledKey,
  grantIds: string[],
  connections: number,
  seconds: number,
): Promise<Cost> {
  return measure(target.service, revokesLoad(target, key, grantIds, connections, seconds));
}

function revokesLoad(target: Asking, key: FilledKey, grantIds: string[], connections: number, seconds: number) {
  const revokes = grantIds.map((grantId) => requestOf(target, 'revoke-grant', revokeBody(key, grantId)));
  const request = (n: number) => revokes[n % revokes.length] as Buffer;
  return { connections, seconds, requestsMax: revokes.length, request };
}

/** As listTurn, without the floor. */
export function listRound(target: Asking, pages: Buffer[], connections: number, seconds: number): Promise<Cost> {
  return measure(target.service, pagesLoad(pages, connections, seconds));
}

function pagesLoad(pages: Buffer[], connections: number, seconds: number): Omit<Load, 'port'> {
  const request = (n: number) => pages[n % pages.length] as Buffer;
  return { connections, seconds, requestsMax: seconds * PER_SECOND_MAX, request };
}

/** The marker of the page in the middle of the key. */
export const middleOf = ({ grantIds }: FilledKey) => grantIds[grantIds.length / 2] as string;

export function middlePage(asking: Asking, key: FilledKey): Buffer[] {
  return pagesAfter(asking, key, [middleOf(key)]);
}

/** Pages all over the key, far from one to the next; all of them whole. */
export function pagesAnywhere(asking: Asking, key: FilledKey): Buffer[] {
  const places = key.grantIds.length - PAGE - 1;
  const golden = 0.618034;
  const markers = Array.from(
    { length: Math.min(places, PAGES_MAX) },
    (_, n) => key.grantIds[Math.floor(((n * golden) % 1) * places)] as string,
  );
  return pagesAfter(asking, key, markers);
}

function pagesAfter(asking: Asking, key: FilledKey, markers: string[]): Buffer[] {
  return markers.map((marker) => requestOf(asking, 'list-grants', listBody(key, marker)));
}

/** @throws unless the service still has exactly so many grants on the key */
export async function assertTotal(target: Asking, key: FilledKey, expected: number): Promise<void> {
  const { status, body } = await ask(target, 'list-grants', listBody(key));
  const { total } = JSON.parse(body) as { total?: number };
  if (status !== 200 || total !== expected) throw new Error(`${expected} grants should be left; it says ${body}`);
}

export function ask({ service, projectId, token }: Asking, name: string, body: object): Promise<Reply> {
  return send(service.port, pathOf(projectId, name), token, body);
}

function requestOf({ projectId, token }: Asking, name: string, body: object): Buffer {
  return post(pathOf(projectId, name), token, body);
}

/** The floor forgets nothing and so takes a revoke any number of times: it runs for as long as the time lasts. */
async function takeTurns({ service, floor }: Target, load: Omit<Load, 'port'>): Promise<Turn> {
  return {
    floor: await measure(floor, { ...load, requestsMax: load.seconds * PER_SECOND_MAX }),
    service: await measure(service, load),
  };
}

async function measure({ port, child }: Running, load: Omit<Load, 'port'>): Promise<Cost> {
  const before = cpuMs(child.pid);
  const round = await drive({ ...load, port });
  return { ...round, cpuMicroseconds: ((cpuMs(child.pid) - before) * 1000) / round.answered };
}

/** Processor time that a process has used. Source: proc_pid_stat(5), utime and stime, in hundredths of a second. */
function cpuMs(pid: number | undefined): number {
  if (process.platform !== 'linux') return Number.NaN;
  const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(afterName[11]) + Number(afterName[12])) * 10;
}
