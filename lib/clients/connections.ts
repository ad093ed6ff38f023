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

/** Returns agents of node:http and node:https that use the proxies. */
export function newAgents(options: AgentOptions): Agents {
  const all = { ...options, ...(proxies && { proxyEnv: { ...proxies } }) };
  // Even if NODE_TLS_REJECT_UNAUTHORIZED=0 is set: keys that senders publish are trusted because of their host.
  const https = new HttpsAgent({ ...all, rejectUnauthorized: true });
  return { http: withLongHeaders(new HttpAgent(all)), https: withLongHeaders(https) };
}

type AddRequest = (request: { maxHeaderSize?: number }, ...rest: unknown[]) => void;

/** Sets the limit of each request of an agent: the HTTP handler for AWS does not pass the option `maxHeaderSize` on. */
function withLongHeaders<A extends HttpAgent>(agent: A): A {
  const own = agent as unknown as { addRequest: AddRequest };
  const addRequest = own.addRequest.bind(agent);
  own.addRequest = (request, ...rest) => {
    request.maxHeaderSize = HEADER_BYTES_MAX;
    addRequest(request, ...rest);
  };
  return agent;
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
