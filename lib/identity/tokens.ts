import { createHmac, randomBytes } from 'node:crypto';
import type { Domain, Project, User } from '../domain/directory.ts';
import type { Caller } from '../domain/request-context.ts';
import { KmsError } from '../errors.ts';
import { sha256Hex } from '../signing/bytes.ts';
import type { DirectoryStore } from '../store/store.ts';
import { concurrencyLimit } from '../util/concurrency-limit.ts';
import { isPassword } from './passwords.ts';
import { isAllowed } from './roles.ts';

/** Source: IAM API reference, "Obtaining a User Token". */
const TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1000;

/**
 * Logins run one at a time, so that password checks use at most one core and 32 MiB. The others wait, so that password
 * guessing does not lock others out.
 */
const LOGINS = {
  max: 1,
  knownOnly: 0,
  perAddressMax: 1,
  waitingMax: 256,
  waitMs: 10_000,
  code: 'Keystone.429',
} as const;
/** Logins that succeeded, the known callers of `LOGINS`. */
const KNOWN_LOGINS_MAX = 10_000;

/** A login by id, or by name within a domain. */
export interface Login {
  user: { id: string } | { name: string; domain: { id: string } | { name: string } };
  password: string;
  /** Absent for a token without a project. */
  project?: { id: string } | { name: string } | undefined;
}

/** The `token` object of the Keystone API. */
interface TokenInfo {
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
   * Issues a token.
   * @param clientAddress its IP address, for limits
   * @throws KmsError Keystone.401 for an unknown user, a wrong password, or a project in which the user has no role
   * @throws KmsError Keystone.429 for too many concurrent logins
   */
  issue(login: Login, clientAddress?: string): Promise<{ token: string; info: TokenInfo }>;
  /** Describes a token. @throws KmsError Keystone.404 for one that is unknown, expired, or hidden from the caller */
  check(caller: Caller, token: string): Promise<TokenInfo>;
}

/** Issues and describes tokens of the embedded directory. */
export function directoryTokens(store: DirectoryStore, now: () => number): Tokens {
  const logins = concurrencyLimit(LOGINS);
  const knownLogins = knownValues(KNOWN_LOGINS_MAX);

  async function findUser({ user }: Login): Promise<User | undefined> {
    if ('id' in user) return store.user(user.id);
    const domain = 'id' in user.domain ? user.domain : await store.domainByName(user.domain.name);
    const domainId = domain && ('id' in domain ? domain.id : domain.domainId);
    // Looks a user up even for an unknown domain, so that the response time does not reveal it.
    return store.userByName(domainId ?? 'unknown', user.name);
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
    const domainInfo = (domain: Domain | undefined) => ({ id: domain?.domainId ?? '', name: domain?.name ?? '' });
    return {
      expires_at: keystoneTime(expiresAtMs),
      issued_at: keystoneTime(issuedAtMs),
      methods: ['password'],
      user: {
        id: user.userId,
        name: user.name,
        domain: domainInfo(await store.domain(user.domainId)),
        password_expires_at: '',
      },
      ...(project && {
        project: {
          id: project.projectId,
          name: project.name,
          domain: domainInfo(await store.domain(project.domainId)),
        },
      }),
      roles: roles.map((name) => ({ id: '0', name })),
      catalog: [],
    };
  }

  /** Returns the domain of the caller's project. The caller's roles count there, not in the caller's own domain. */
  async function roleDomainOf({ projectId }: Caller): Promise<string | undefined> {
    return projectId === undefined ? undefined : (await store.project(projectId))?.domainId;
  }

  return {
    async issue(login, clientAddress = '') {
      const credentials = JSON.stringify([login.user, login.password]);
      const user = await logins.run(clientAddress, knownLogins.has(credentials), async () => {
        const found = await findUser(login);
        const isCorrect = await isPassword(login.password, found?.passwordHash);
        const isValid = isCorrect && found?.enabled === true;
        knownLogins[isValid ? 'add' : 'delete'](credentials);
        return isValid ? found : undefined;
      });
      if (!user) throw new KmsError('Keystone.401');
      const project = login.project && (await findProject(login.project, user));
      const roles = project ? await store.rolesOf(user.userId, project.projectId) : [];
      if (login.project && roles.length === 0) throw new KmsError('Keystone.401');

      const token = randomBytes(32).toString('base64url');
      const issuedAtMs = now();
      const expiresAtMs = issuedAtMs + TOKEN_LIFETIME_MS;
      // False when the user has been disabled meanwhile.
      const isAdded = await store.addToken({
        tokenHash: sha256Hex(token),
        userId: user.userId,
        projectId: project?.projectId,
        issuedAtMs,
        expiresAtMs,
      });
      if (!isAdded) throw new KmsError('Keystone.401');
      return { token, info: await describe(user, project, issuedAtMs, expiresAtMs) };
    },

    async check(caller, value) {
      const session = await store.session(sha256Hex(value));
      if (!session?.user.enabled || session.token.expiresAtMs <= now()) throw new KmsError('Keystone.404');
      const { token, user } = session;
      const mayCheckOthers =
        isAllowed(caller.roles, 'iam:tokens:check') && (await roleDomainOf(caller)) === user.domainId;
      if (user.userId !== caller.userId && !mayCheckOthers) throw new KmsError('Keystone.404');
      const project = token.projectId === undefined ? undefined : await store.project(token.projectId);
      return describe(user, project, token.issuedAtMs, token.expiresAtMs);
    },
  };
}

/** Returns a time with microseconds: `2026-11-22T06:27:27.000000Z`. */
function keystoneTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

/** The last `max` values that were added. Only HMACs of them are kept, with a key that nobody else has. */
function knownValues(max: number) {
  const key = randomBytes(32);
  const macs = new Set<string>();
  const macOf = (value: string) => createHmac('sha256', key).update(value).digest('base64');
  return {
    has: (value: string) => macs.has(macOf(value)),
    delete: (value: string) => macs.delete(macOf(value)),
    add(value: string) {
      const mac = macOf(value);
      macs.delete(mac);
      macs.add(mac);
      const [oldest] = macs;
      if (macs.size > max && oldest !== undefined) macs.delete(oldest);
    },
  };
}
