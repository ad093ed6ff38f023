import { randomBytes } from 'node:crypto';
import { KmsError } from '../errors.ts';
import { sha256Hex } from '../signing/bytes.ts';
import type { DirectoryStore, Domain, Project, User } from '../store/store.ts';
import type { Caller } from './identity.ts';
import { isPassword } from './passwords.ts';
import { isAllowed } from './roles.ts';

/** As in the cloud. Source: IAM API reference, "Obtaining a User Token". */
export const TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** Password checks under way at once: each takes 32 MiB, so a flood of guesses must not take the machine. */
const LOGINS_MAX = 16;

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
  /** @throws KmsError Keystone.401 for an unknown user, a wrong password, or a project the user has no role in */
  issue(login: Login): Promise<{ token: string; info: TokenInfo }>;
  /** @throws KmsError Keystone.404 for a token that is none, has expired, or is not the caller's to see */
  check(caller: Caller, token: string): Promise<TokenInfo>;
}

/** Tokens of the embedded directory. */
export function directoryTokens(store: DirectoryStore, now: () => number): Tokens {
  let loginsUnderWay = 0;

  async function findUser({ user }: Login): Promise<User | undefined> {
    if ('id' in user) return store.user(user.id);
    const domain = 'id' in user.domain ? user.domain : await store.domainByName(user.domain.name);
    if (!domain) return undefined;
    return store.userByName('id' in domain ? domain.id : domain.domainId, user.name);
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

  return {
    async issue(login) {
      if (loginsUnderWay >= LOGINS_MAX) throw new KmsError('Keystone.429');
      loginsUnderWay += 1;
      try {
        const user = await findUser(login);
        const isRight = await isPassword(login.password, user?.passwordHash);
        if (!user?.enabled || !isRight) throw new KmsError('Keystone.401');
        const project = login.project && (await findProject(login.project, user));
        const roles = project ? await store.rolesOf(user.userId, project.projectId) : [];
        if (login.project && roles.length === 0) throw new KmsError('Keystone.401');

        const token = randomBytes(32).toString('base64url');
        const issuedAtMs = now();
        const expiresAtMs = issuedAtMs + TOKEN_LIFETIME_MS;
        await store.addToken({
          tokenHash: sha256Hex(token),
          userId: user.userId,
          projectId: project?.projectId,
          issuedAtMs,
          expiresAtMs,
        });
        return { token, info: await describe(user, project, issuedAtMs, expiresAtMs) };
      } finally {
        loginsUnderWay -= 1;
      }
    },

    async check(caller, value) {
      const session = await store.session(sha256Hex(value));
      if (!session?.user.enabled || session.token.expiresAtMs <= now()) throw new KmsError('Keystone.404');
      const { token, user } = session;
      const mayCheckOthers = user.domainId === caller.domainId && isAllowed(caller.roles, 'iam:tokens:check');
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
