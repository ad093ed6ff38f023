import { randomBytes } from 'node:crypto';
import type { Domain, Project, User } from '../domain/directory.ts';
import type { Caller } from '../domain/request-context.ts';
import { KmsError } from '../errors.ts';
import { sha256Hex } from '../signing/bytes.ts';
import type { DirectoryStore } from '../store/store.ts';
import { concurrencyLimit } from '../util/concurrency-limit.ts';
import { isPassword } from './passwords.ts';
import { isAllowed } from './roles.ts';

/** As in the cloud. Source: IAM API reference, "Obtaining a User Token". */
const TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** Logins under way at once, in all and from one address: a flood of guesses must take neither machine nor places. */
const LOGINS_MAX = 64;
const LOGINS_PER_SOURCE_MAX = 16;

/** Who logs in, and for which project; by id, or by name within a domain. */
export interface Login {
  user: { id: string } | { name: string; domain: { id: string } | { name: string } };
  password: string;
  /** Absent for a token that is good for no project. */
  project?: { id: string } | { name: string } | undefined;
}

/** What is told of a token: the `token` object of the Keystone API. */
export interface TokenInfo {
  expires_at: string;
  issued_at: string;
  methods: ['password'];
  user: { id: string; name: string; domain: { id: string; name: string }; password_expires_at: '' };
  project?: { id: string; name: string; domain: { id: string; name: string } };
  roles: { id: string; name: string }[];
  catalog: [];
}

export interface Tokens {
  /**
   * @param source the address it comes from
   * @throws KmsError Keystone.401 for an unknown user, a wrong password, or a project the user has no role in
   * @throws KmsError Keystone.429 when too many are under way
   */
  issue(login: Login, source?: string): Promise<{ token: string; info: TokenInfo }>;
  /** @throws KmsError Keystone.404 for a token that is none, has expired, or is not the caller's to see */
  check(caller: Caller, token: string): Promise<TokenInfo>;
}

/** Tokens of the embedded directory. */
export function directoryTokens(store: DirectoryStore, now: () => number): Tokens {
  const logins = concurrencyLimit(LOGINS_MAX, LOGINS_PER_SOURCE_MAX, 'Keystone.429');
  let last: Promise<unknown> = Promise.resolve();

  /** One password is checked at a time, so that checks never take more than one core and 32 MiB. */
  function oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  }

  async function findUser({ user }: Login): Promise<User | undefined> {
    if ('id' in user) return store.user(user.id);
    const domain = 'id' in user.domain ? user.domain : await store.domainByName(user.domain.name);
    const domainId = domain && ('id' in domain ? domain.id : domain.domainId);
    // A domain that is not there takes as long.
    return store.userByName(domainId ?? 'nobody', user.name);
  }

  async function findProject(scope: { id: string } | { name: string }, user: User): Promise<Project | undefined> {
    return 'id' in scope ? store.project(scope.id) : store.projectByName(user.domainId, scope.name);
  }

  async function describe(
    user: User,
    project: Project | undefined,
    issuedAtMs: number,
    expiresAtMs: number,
  ): Promise<TokenInfo> {
    const roles = project ? await store.rolesOf(user.userId, project.projectId) : [];
    const ofDomain = (domain: Domain | undefined) => ({ id: domain?.domainId ?? '', name: domain?.name ?? '' });
    return {
      expires_at: keystoneTime(expiresAtMs),
      issued_at: keystoneTime(issuedAtMs),
      methods: ['password'],
      user: {
        id: user.userId,
        name: user.name,
        domain: ofDomain(await store.domain(user.domainId)),
        password_expires_at: '',
      },
      ...(project && {
        project: { id: project.projectId, name: project.name, domain: ofDomain(await store.domain(project.domainId)) },
      }),
      roles: roles.map((name) => ({ id: '0', name })),
      catalog: [],
    };
  }

  /** The domain that the caller's roles are in: that of the project, not the user's own. */
  async function domainOf({ projectId }: Caller): Promise<string | undefined> {
    return projectId === undefined ? undefined : (await store.project(projectId))?.domainId;
  }

  return {
    async issue(login, source = '') {
      const release = logins.acquire(source);
      try {
        const user = await findUser(login);
        const isRight = await oneByOne(() => isPassword(login.password, user?.passwordHash));
        if (!user?.enabled || !isRight) throw new KmsError('Keystone.401');
        const project = login.project && (await findProject(login.project, user));
        const roles = project ? await store.rolesOf(user.userId, project.projectId) : [];
        if (login.project && roles.length === 0) throw new KmsError('Keystone.401');

        const token = randomBytes(32).toString('base64url');
        const issuedAtMs = now();
        const expiresAtMs = issuedAtMs + TOKEN_LIFETIME_MS;
        // The user may have been disabled while this waited.
        const isAdded = await store.addToken({
          tokenHash: sha256Hex(token),
          userId: user.userId,
          projectId: project?.projectId,
          issuedAtMs,
          expiresAtMs,
        });
        if (!isAdded) throw new KmsError('Keystone.401');
        return { token, info: await describe(user, project, issuedAtMs, expiresAtMs) };
      } finally {
        release();
      }
    },

    async check(caller, value) {
      const session = await store.session(sha256Hex(value));
      if (!session?.user.enabled || session.token.expiresAtMs <= now()) throw new KmsError('Keystone.404');
      const { token, user } = session;
      const mayCheckOthers = isAllowed(caller.roles, 'iam:tokens:check') && (await domainOf(caller)) === user.domainId;
      if (user.userId !== caller.userId && !mayCheckOthers) throw new KmsError('Keystone.404');
      const project = token.projectId === undefined ? undefined : await store.project(token.projectId);
      return describe(user, project, token.issuedAtMs, token.expiresAtMs);
    },
  };
}

/** `2026-11-22T06:27:27.000000Z`: six digits after the second. */
function keystoneTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
