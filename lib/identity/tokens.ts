import { randomBytes } from 'node:crypto';
import type { LoginMethod, Project, Session, StoredToken, User } from '../domain/directory.ts';
import type { Caller, RequestTrace } from '../domain/request-context.ts';
import { KmsError } from '../errors.ts';
import { hmacSha256Hex, sha256Hex } from '../signing/bytes.ts';
import type { DirectoryStore } from '../store/store.ts';
import { loginLimits } from './login-limits.ts';
import { isPassword } from './passwords.ts';
import { isAllowed, type Permission } from './roles.ts';

/** Source: IAM API reference, "Obtaining a User Token". */
const TOKEN_LIFETIME_SECONDS = 24 * 60 * 60;

/** Each request reads the ancestors of its token, so their number is limited. */
const ANCESTORS_MAX = 8;
const TOO_MANY_ANCESTORS = `Log in with the password again: tokens can be exchanged ${ANCESTORS_MAX} times in a row.`;

type Reference = { id: string } | { name: string };

/** What a token is valid for: a project, a domain, or neither. If both are given, it is the project. */
interface Scope {
  /** A name is looked up in the domain of the user, unless another domain is given. */
  project?: { id: string } | { name: string; domain?: Reference | undefined } | undefined;
  domain?: Reference | undefined;
}

interface TokenRequest extends Scope {
  /** How long the token is valid; as long as possible when absent. */
  lifetimeSeconds?: number | undefined;
}

/** A login with a password: by id, or by name within a domain. */
export interface Login extends TokenRequest {
  user: { id: string } | { name: string; domain: Reference };
  password: string;
}

/** A login with a token, which gets another token of the same user, for another scope. */
export interface TokenLogin extends TokenRequest {
  token: string;
}

/** The `token` object of the Keystone API, without the catalog. */
interface TokenInfo {
  expires_at: string;
  issued_at: string;
  methods: readonly LoginMethod[];
  user: { id: string; name: string; domain: { id: string; name: string }; password_expires_at: '' };
  project?: { id: string; name: string; domain: { id: string; name: string } };
  domain?: { id: string; name: string };
  roles: { id: string; name: string }[];
}

export interface Tokens {
  /**
   * Issues a token for a password or for another token. In the second case it expires with the other one at the latest,
   * and revoking the other one revokes it too.
   * @param clientAddress its IP address, for limits
   * @param trace gets the user, for the log
   * @throws KmsError Keystone.401 for an unknown user, a wrong password, an invalid token, a project in which the user
   *   has no role, or a domain that is not the user's
   * @throws KmsError Keystone.429 for too many logins: see `loginLimits`
   */
  issue(
    login: Login | TokenLogin,
    clientAddress?: string,
    trace?: RequestTrace,
  ): Promise<{ token: string; info: TokenInfo }>;
  /** Describes a token. @throws KmsError Keystone.404 for one that is unknown, expired, or hidden from the caller */
  check(caller: Caller, token: string): Promise<TokenInfo>;
  /**
   * Revokes a token and all that were issued from it.
   * @throws KmsError Keystone.404 for one that is unknown, expired, or hidden from the caller
   */
  revoke(caller: Caller, token: string): Promise<void>;
}

/** The user who logs in, and what the new token inherits. */
interface Authenticated {
  user: User;
  methods: readonly LoginMethod[];
  ancestors: readonly string[];
  /** When the new token expires at the latest. */
  expiresAtMs: number;
}

/** Issues, describes and revokes tokens of the embedded directory. */
export function directoryTokens(store: DirectoryStore, now: () => number): Tokens {
  const limits = loginLimits(now);
  /** People type passwords into the wrong field: the log has no unknown name, and no hash to compare guesses with. */
  const logKey = randomBytes(32);
  const unknownUser = ({ user }: Login) =>
    `unknown:${hmacSha256Hex(logKey, 'id' in user ? user.id : user.name).slice(0, 32)}`;

  async function domainIdOf(domain: Reference): Promise<string | undefined> {
    return 'id' in domain ? domain.id : (await store.domainByName(domain.name))?.domainId;
  }

  async function findUser({ user }: Login): Promise<User | undefined> {
    if ('id' in user) return store.user(user.id);
    // Looks a user up even for an unknown domain, so that the response time does not reveal it.
    return store.userByName((await domainIdOf(user.domain)) ?? 'unknown', user.name);
  }

  async function byPassword(login: Login, clientAddress: string, trace: RequestTrace): Promise<Authenticated> {
    const credentials = JSON.stringify([login.user, login.password]);
    const user = await limits.checkPassword(clientAddress, credentials, async () => {
      const found = await findUser(login);
      trace.user = found?.userId ?? unknownUser(login);
      const isCorrect = await isPassword(login.password, found?.passwordHash);
      return isCorrect && found?.enabled === true ? found : undefined;
    });
    if (!user) throw new KmsError('Keystone.401');
    return { user, methods: ['password'], ancestors: [], expiresAtMs: Number.POSITIVE_INFINITY };
  }

  async function byToken({ token: value }: TokenLogin, trace: RequestTrace): Promise<Authenticated> {
    const session = await validSession(value);
    if (!session) throw new KmsError('Keystone.401');
    const { user, token } = session;
    trace.user = user.userId;
    const { tokenHash, expiresAtMs } = token;
    limits.countTokenLogin(token.ancestors[0] ?? tokenHash);
    const ancestors = [...token.ancestors, tokenHash];
    if (ancestors.length > ANCESTORS_MAX) throw new KmsError('Keystone.401', { detail: TOO_MANY_ANCESTORS });
    return { user, methods: [...new Set([...token.methods, 'token' as const])], ancestors, expiresAtMs };
  }

  /** @throws KmsError Keystone.401 */
  async function scopeOf(
    { project, domain }: Scope,
    user: User,
  ): Promise<Pick<StoredToken, 'projectId' | 'scopeDomainId'>> {
    if (project) {
      const found = await findProject(project, user);
      const roles = found ? await store.rolesOf(user.userId, found.projectId) : [];
      if (!found || roles.length === 0) throw new KmsError('Keystone.401');
      return { projectId: found.projectId };
    }
    if (!domain) return {};
    if ((await domainIdOf(domain)) !== user.domainId) throw new KmsError('Keystone.401');
    return { scopeDomainId: user.domainId };
  }

  async function findProject(project: NonNullable<Scope['project']>, user: User): Promise<Project | undefined> {
    if ('id' in project) return store.project(project.id);
    const domainId = project.domain ? await domainIdOf(project.domain) : user.domainId;
    return domainId === undefined ? undefined : store.projectByName(domainId, project.name);
  }

  async function validSession(value: string): Promise<Session | undefined> {
    const session = await store.session(sha256Hex(value));
    return session?.user.enabled && session.token.expiresAtMs > now() ? session : undefined;
  }

  async function describe(
    { methods, projectId, scopeDomainId, ...token }: StoredToken,
    user: User,
  ): Promise<TokenInfo> {
    const project = projectId === undefined ? undefined : await store.project(projectId);
    const roles = project ? await store.rolesOf(user.userId, project.projectId) : [];
    const own = { id: user.domainId, name: (await store.domain(user.domainId))?.name ?? '' };
    const domainInfo = async (id: string) => (id === own.id ? own : { id, name: (await store.domain(id))?.name ?? '' });
    return {
      expires_at: keystoneTime(token.expiresAtMs),
      issued_at: keystoneTime(token.issuedAtMs),
      methods,
      user: {
        id: user.userId,
        name: user.name,
        domain: own,
        password_expires_at: '',
      },
      ...(project && {
        project: { id: project.projectId, name: project.name, domain: await domainInfo(project.domainId) },
      }),
      ...(scopeDomainId !== undefined && { domain: await domainInfo(scopeDomainId) }),
      roles: roles.map((name) => ({ id: '0', name })),
    };
  }

  /** Returns the domain of the caller's project. The caller's roles count there, not in the caller's own domain. */
  async function roleDomainOf({ projectId }: Caller): Promise<string | undefined> {
    return projectId === undefined ? undefined : (await store.project(projectId))?.domainId;
  }

  /** @throws KmsError Keystone.404 unless the token is valid, and the caller's own or that of a user it administers */
  async function visibleSession(caller: Caller, value: string, permission: Permission): Promise<Session> {
    const session = await validSession(value);
    if (!session) throw new KmsError('Keystone.404');
    const { user } = session;
    const isOwn = user.userId === caller.userId;
    const isVisible = isOwn || (isAllowed(caller.roles, permission) && (await roleDomainOf(caller)) === user.domainId);
    if (!isVisible) throw new KmsError('Keystone.404');
    return session;
  }

  return {
    async issue(login, clientAddress = '', trace = {}) {
      const { user, ...inherited } =
        'token' in login ? await byToken(login, trace) : await byPassword(login, clientAddress, trace);
      const value = randomBytes(32).toString('base64url');
      const scope = await scopeOf(login, user);
      const issuedAtMs = now();
      const { lifetimeSeconds = TOKEN_LIFETIME_SECONDS } = login;
      const token = {
        tokenHash: sha256Hex(value),
        userId: user.userId,
        ...scope,
        ...inherited,
        issuedAtMs,
        expiresAtMs: Math.min(inherited.expiresAtMs, issuedAtMs + lifetimeSeconds * 1000),
      };
      // False when the user has been disabled or removed meanwhile, or the password has been replaced.
      if (!(await store.addToken(token, user.passwordHash))) throw new KmsError('Keystone.401');
      return { token: value, info: await describe(token, user) };
    },

    async check(caller, value) {
      const { token, user } = await visibleSession(caller, value, 'iam:tokens:check');
      return describe(token, user);
    },

    async revoke(caller, value) {
      const { token } = await visibleSession(caller, value, 'iam:tokens:revoke');
      await store.removeToken(token.tokenHash);
    },
  };
}

/** Returns a time with microseconds: `2026-11-22T06:27:27.000000Z`. */
function keystoneTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
