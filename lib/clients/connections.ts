/** The connections of this process to other servers: which are reused, and which go through a proxy. */
import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

/** URLs of proxies, and the hosts that are reached without one; in the form of the variables of these names. */
export interface ProxySettings {
  HTTP_PROXY?: string | undefined;
  HTTPS_PROXY?: string | undefined;
  NO_PROXY?: string | undefined;
}

/** The limit of the headers of a request to this service, and of a response to its calls. Node's default is 16 KiB. */
export const HEADER_BYTES_MAX = 32 * 1024;

/** An unused connection is closed before the server does it: a request must not be sent on a connection that ends. */
const IDLE_MS = 4_000;

interface Agents {
  http: HttpAgent;
  https: HttpsAgent;
}

let proxies: ProxySettings | undefined;
let kept: Agents | undefined;
let unkept: Agents | undefined;

/** Sets the proxies of all connections that this process opens from now on; undefined for none. */
export function useProxies(settings: ProxySettings | undefined): void {
  [proxies, kept, unkept] = [settings, undefined, undefined];
}

/** Options of an agent of node:http that make it use the proxies. */
export function proxyOptions(): Pick<AgentOptions, 'proxyEnv'> {
  return proxies ? { proxyEnv: { ...proxies } } : {};
}

function newAgents(options: AgentOptions): Agents {
  const all = { ...options, ...proxyOptions() };
  return { http: new HttpAgent(all), https: new HttpsAgent(all) };
}

/** Agents that reuse connections. */
export function keptConnections(): Agents {
  kept ??= newAgents({ keepAlive: true, timeout: IDLE_MS });
  return kept;
}

/** Agents that open a connection for each request. */
export function newConnections(): Agents {
  unkept ??= newAgents({ keepAlive: false });
  return unkept;
}

/** The hosts of the proxies, which may have private addresses. */
export function proxyHosts(): string[] {
  return [proxies?.HTTP_PROXY, proxies?.HTTPS_PROXY].flatMap((url) => (url ? [new URL(url).hostname] : []));
}
