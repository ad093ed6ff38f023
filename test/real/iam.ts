/** A client of Keystone's API for administrators and users. Source: OpenStack Identity API v3. */
import { randomBytes } from 'node:crypto';
import type { Keystone } from './keystone.ts';

export interface KeystoneUser {
  id: string;
  domainId: string;
  password: string;
}

type Scope = { project: string } | { domain: string } | { system: { all: true } } | 'unscoped';

export interface Iam {
  addDomain(): Promise<string>;
  /** Creates a project, by default in the domain `default`. @returns its id */
  addProject(domainId?: string): Promise<string>;
  /** Creates a user with a role in the project. */
  addUser(projectId: string, role: string, domainId?: string): Promise<KeystoneUser>;
  /** Gives the user a role in a project, a domain or the whole system. */
  giveRole(user: KeystoneUser, role: string, scope: Exclude<Scope, 'unscoped'>): Promise<void>;
  removeRole(user: KeystoneUser, role: string, projectId: string): Promise<void>;
  setEnabled(user: KeystoneUser, enabled: boolean): Promise<void>;
  /** Issues a new token of the user. */
  token(user: KeystoneUser, scope: Scope): Promise<string>;
  /** Returns when the token expires, ms since 1970. */
  expiresAtMs(token: string): Promise<number>;
  revoke(token: string): Promise<void>;
}

const DEFAULT_DOMAIN = 'default';

interface RequestParts {
  token?: string;
  subject?: string;
  body?: object;
}

export function iamOf({ url, adminPassword }: Keystone): Iam {
  async function send(method: string, path: string, { token, subject, body }: RequestParts = {}): Promise<Response> {
    const response = await fetch(`${url}/v3/${path}`, {
      method,
      headers: {
        ...(token !== undefined && { 'X-Auth-Token': token }),
        ...(subject !== undefined && { 'X-Subject-Token': subject }),
        'Content-Type': 'application/json',
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  async function login(user: object, scope: object | 'unscoped'): Promise<string> {
    const body = { auth: { identity: { methods: ['password'], password: { user } }, scope } };
    const response = await send('POST', 'auth/tokens', { body });
    return response.headers.get('x-subject-token') ?? '';
  }

  /** Sends a request as administrator, with a new token, because some Keystones issue tokens of a few seconds. */
  async function asAdmin(method: string, path: string, body?: object): Promise<Response> {
    const domain = { id: DEFAULT_DOMAIN };
    const admin = { name: 'admin', domain, password: adminPassword };
    const token = await login(admin, { project: { name: 'admin', domain } });
    return send(method, path, { token, ...(body && { body }) });
  }

  async function add(what: string, values: object): Promise<string> {
    const response = await asAdmin('POST', `${what}s`, { [what]: { name: randomName(), ...values } });
    const answer = (await response.json()) as Record<string, { id: string }>;
    return answer[what]?.id ?? '';
  }

  const roles = new Map<string, Promise<string>>();

  async function roleAt(user: KeystoneUser, role: string, scope: Exclude<Scope, 'unscoped'>): Promise<string> {
    const roleId = roles.get(role) ?? add('role', { name: role });
    roles.set(role, roleId);
    return `${pathOf(scope)}/users/${user.id}/roles/${await roleId}`;
  }

  return {
    addDomain: () => add('domain', {}),
    addProject: (domainId = DEFAULT_DOMAIN) => add('project', { domain_id: domainId }),
    async addUser(projectId, role, domainId = DEFAULT_DOMAIN) {
      const password = randomName();
      const user = { id: await add('user', { domain_id: domainId, password }), domainId, password };
      await asAdmin('PUT', await roleAt(user, role, { project: projectId }));
      return user;
    },
    async giveRole(user, role, scope) {
      await asAdmin('PUT', await roleAt(user, role, scope));
    },
    async removeRole(user, role, projectId) {
      await asAdmin('DELETE', await roleAt(user, role, { project: projectId }));
    },
    async setEnabled(user, enabled) {
      await asAdmin('PATCH', `users/${user.id}`, { user: { enabled } });
    },
    token: ({ id, password }, scope) => login({ id, password }, wireScope(scope)),
    async expiresAtMs(token) {
      const response = await send('GET', 'auth/tokens', { token, subject: token });
      return Date.parse(((await response.json()) as { token: { expires_at: string } }).token.expires_at);
    },
    async revoke(token) {
      await send('DELETE', 'auth/tokens', { token, subject: token });
    },
  };
}

function pathOf(scope: Exclude<Scope, 'unscoped'>): string {
  if ('project' in scope) return `projects/${scope.project}`;
  return 'domain' in scope ? `domains/${scope.domain}` : 'system';
}

function wireScope(scope: Scope): object | 'unscoped' {
  if (scope === 'unscoped' || 'system' in scope) return scope;
  return 'project' in scope ? { project: { id: scope.project } } : { domain: { id: scope.domain } };
}

const randomName = () => randomBytes(12).toString('hex');
