import {
  type AccessKey,
  type Domain,
  EXPIRED_TOKEN_RETENTION_MS,
  type LoginMethod,
  type Project,
  type Session,
  type User,
} from '../../domain/directory.ts';
import type { DirectoryStore } from '../store.ts';
import type { Database, Row } from './database.ts';

/** Domains, projects, users, roles, access keys and tokens over SQLite. */
export function sqliteDirectory(db: Database): DirectoryStore {
  const insert = (table: string, columns: number) =>
    db.prepare(`INSERT INTO ${table} VALUES (${Array(columns).fill('?').join(', ')})`);
  const insertDomain = insert('domains', 2);
  const insertProject = insert('projects', 3);
  const insertUser = insert('users', 5);
  const insertRole = db.prepare('INSERT OR IGNORE INTO roles VALUES (?, ?, ?)');
  const deleteRole = db.prepare('DELETE FROM roles WHERE user_id = ? AND project_id = ? AND role = ?');
  const insertAccessKey = insert('access_keys', 5);
  const insertToken = db.prepare(
    `INSERT INTO tokens (token_hash, user_id, project_id, scope_domain_id, methods, ancestors, issued_at_ms, expires_at_ms)
     SELECT ?, user_id, ?, ?, ?, ?, ?, ? FROM users WHERE user_id = ? AND enabled = 1 AND password_hash = ?`,
  );
  const deleteExpiredTokens = db.prepare('DELETE FROM tokens WHERE expires_at_ms <= ?');
  const deleteOf = (table: string) => db.prepare(`DELETE FROM ${table} WHERE user_id = ?`);
  const deleteTokensOf = deleteOf('tokens');
  const deleteBelongings = [deleteTokensOf, deleteOf('roles'), deleteOf('access_keys')];
  const deleteUser = deleteOf('users');
  const deleteToken = db.prepare('DELETE FROM tokens WHERE token_hash = ?');
  const deleteAccessKey = db.prepare('DELETE FROM access_keys WHERE access_key = ?');
  const setPassword = db.prepare('UPDATE users SET password_hash = ? WHERE user_id = ?');
  const enableUser = db.prepare('UPDATE users SET enabled = ? WHERE user_id = ?');
  const enableAccessKey = db.prepare('UPDATE access_keys SET enabled = ? WHERE access_key = ?');
  const setSecret = db.prepare('UPDATE access_keys SET sealed_secret = ? WHERE access_key = ? AND sealed_secret = ?');

  const domainById = db.prepare('SELECT * FROM domains WHERE domain_id = ?');
  const domainByName = db.prepare('SELECT * FROM domains WHERE name = ?');
  const projectById = db.prepare('SELECT * FROM projects WHERE project_id = ?');
  const projectByName = db.prepare('SELECT * FROM projects WHERE domain_id = ? AND name = ?');
  const projectsByUser = db.prepare(
    'SELECT DISTINCT projects.* FROM roles JOIN projects USING (project_id) WHERE user_id = ? ORDER BY name, project_id',
  );
  const userById = db.prepare('SELECT * FROM users WHERE user_id = ?');
  const userByName = db.prepare('SELECT * FROM users WHERE domain_id = ? AND name = ?');
  const rolesByUser = db.prepare('SELECT role FROM roles WHERE user_id = ? AND project_id = ? ORDER BY role');
  const accessKeyById = db.prepare('SELECT * FROM access_keys WHERE access_key = ?');
  const sessionByHash = db.prepare(
    `SELECT *, (SELECT json_group_array(role) FROM roles
       WHERE roles.user_id = tokens.user_id AND roles.project_id = tokens.project_id) AS roles
     FROM tokens JOIN users USING (user_id) WHERE token_hash = ? AND NOT EXISTS (
       SELECT 1 FROM json_each(tokens.ancestors) AS ancestor
       WHERE NOT EXISTS (SELECT 1 FROM tokens AS other WHERE other.token_hash = ancestor.value))`,
  );
  const allProjects = db.prepare('SELECT * FROM projects ORDER BY name, project_id');
  const allUsers = db.prepare('SELECT * FROM users ORDER BY name, user_id');
  const allAccessKeys = db.prepare('SELECT * FROM access_keys ORDER BY created_at_ms, access_key');

  return {
    addProject: (project, domain) =>
      db.write(() => {
        if (domain) insertDomain.run(domain.domainId, domain.name);
        insertProject.run(project.projectId, project.domainId, project.name);
      }),
    addUser: (user, first) =>
      db.write(() => {
        insertUser.run(user.userId, user.domainId, user.name, user.passwordHash, Number(user.enabled));
        if (first) insertRole.run(user.userId, first.projectId, first.role);
      }),
    addRole: (userId, projectId, role) => db.write(() => void insertRole.run(userId, projectId, role)),
    removeRole: (userId, projectId, role) => db.write(() => deleteRole.run(userId, projectId, role).changes === 1),
    addAccessKey: (key, createdAtMs) =>
      db.write(
        () => void insertAccessKey.run(key.accessKey, key.userId, key.sealedSecret, Number(key.enabled), createdAtMs),
      ),
    removeAccessKey: (accessKey) => db.write(() => deleteAccessKey.run(accessKey).changes === 1),
    addToken: (token, passwordHash) =>
      db.write(() => {
        deleteExpiredTokens.run(token.issuedAtMs - EXPIRED_TOKEN_RETENTION_MS);
        const { projectId = null, scopeDomainId = null } = token;
        const scope = [projectId, scopeDomainId, token.methods.join(','), JSON.stringify(token.ancestors)];
        const times = [token.issuedAtMs, token.expiresAtMs];
        return insertToken.run(token.tokenHash, ...scope, ...times, token.userId, passwordHash).changes === 1;
      }),
    removeToken: (tokenHash) => db.write(() => deleteToken.run(tokenHash).changes === 1),
    setPasswordHash: (userId, passwordHash) =>
      db.write(() => {
        deleteTokensOf.run(userId);
        return setPassword.run(passwordHash, userId).changes === 1;
      }),
    removeUser: (userId) =>
      db.write(() => {
        for (const deletion of deleteBelongings) deletion.run(userId);
        return deleteUser.run(userId).changes === 1;
      }),
    setUserEnabled: (userId, enabled) =>
      db.write(() => {
        if (!enabled) deleteTokensOf.run(userId);
        return enableUser.run(Number(enabled), userId).changes === 1;
      }),
    setAccessKeyEnabled: (accessKey, enabled) =>
      db.write(() => enableAccessKey.run(Number(enabled), accessKey).changes === 1),
    setSealedSecret: (accessKey, from, to) => db.write(() => setSecret.run(to, accessKey, from).changes === 1),

    domain: async (domainId) => toDomain(domainById.get(domainId)),
    domainByName: async (name) => toDomain(domainByName.get(name)),
    project: async (projectId) => toProject(projectById.get(projectId)),
    projectByName: async (domainId, name) => toProject(projectByName.get(domainId, name)),
    projectsOf: async (userId) => present(projectsByUser.all(userId).map(toProject)),
    user: async (userId) => toUser(userById.get(userId)),
    userByName: async (domainId, name) => toUser(userByName.get(domainId, name)),
    rolesOf: async (userId, projectId) => rolesByUser.all(userId, projectId).map((row) => String(row['role'])),
    accessKey: async (accessKey) => toAccessKey(accessKeyById.get(accessKey)),
    session: async (tokenHash) => toSession(sessionByHash.get(tokenHash)),
    projects: async () => present(allProjects.all().map(toProject)),
    users: async () => present(allUsers.all().map(toUser)),
    accessKeys: async () =>
      allAccessKeys.all().flatMap((row) => {
        const key = toAccessKey(row);
        return key ? [{ ...key, createdAtMs: Number(row['created_at_ms']) }] : [];
      }),
  };
}

const present = <T>(values: (T | undefined)[]): T[] => values.filter((value) => value !== undefined);

const toDomain = (row: Row | undefined): Domain | undefined =>
  row && { domainId: String(row['domain_id']), name: String(row['name']) };

const toProject = (row: Row | undefined): Project | undefined =>
  row && { projectId: String(row['project_id']), domainId: String(row['domain_id']), name: String(row['name']) };

const toUser = (row: Row | undefined): User | undefined =>
  row && {
    userId: String(row['user_id']),
    domainId: String(row['domain_id']),
    name: String(row['name']),
    passwordHash: String(row['password_hash']),
    enabled: row['enabled'] === 1,
  };

const toAccessKey = (row: Row | undefined): AccessKey | undefined =>
  row && {
    accessKey: String(row['access_key']),
    userId: String(row['user_id']),
    sealedSecret: row['sealed_secret'] as Uint8Array,
    enabled: row['enabled'] === 1,
  };

const toSession = (row: Row | undefined): Session | undefined => {
  const user = toUser(row);
  return (
    row &&
    user && {
      user,
      roles: JSON.parse(String(row['roles'])) as string[],
      token: {
        tokenHash: String(row['token_hash']),
        userId: user.userId,
        projectId: row['project_id'] === null ? undefined : String(row['project_id']),
        scopeDomainId: row['scope_domain_id'] === null ? undefined : String(row['scope_domain_id']),
        methods: String(row['methods']).split(',') as LoginMethod[],
        ancestors: JSON.parse(String(row['ancestors'])) as string[],
        issuedAtMs: Number(row['issued_at_ms']),
        expiresAtMs: Number(row['expires_at_ms']),
      },
    }
  );
};
