/** The curl command of an operation, and the shell variables that it uses. */
import type { Operation } from './document.ts';

/** Values of examples that a reader replaces by their own, as variables. */
const VARIABLES: Readonly<Record<string, string>> = {
  key_id: 'KEY',
  grant_id: 'GRANT',
  grantee_principal: 'GRANTEE',
  issuing_principal: 'GRANTEE',
  retiring_principal: 'RETIRING',
  marker: 'MARKER',
  digest: 'DIGEST',
  job_id: 'JOB',
};

/** By path, where a parameter has another name than its variable. */
const PATH_VARIABLES: Readonly<Record<string, string>> = {
  project_id: 'PROJECT',
  user_id: 'USER_ID',
  id: 'ID',
  source: 'SOURCE',
  access_key: 'ACCESS_KEY',
  // PATH is where the shell finds curl.
  path: 'PAGE',
};

/** Returns a command for a POSIX shell. Its body is a here-document, in which the shell replaces variables. */
export function curlOf(operation: Operation): string {
  const { method, path, hasOwnCredentials, access, parameters } = operation;
  const example = isLogin(operation) ? LOGIN_BODY : operation.example;
  const isPublic = access === 'anyone' && !hasOwnCredentials;
  const target = path.replaceAll(
    /\{(\w+)\+?\}/g,
    (_, name: string) => `$${PATH_VARIABLES[name] ?? name.toUpperCase()}`,
  );
  const body = example === undefined ? undefined : bodyOf(example);
  const options = [
    ...methodOption(method, body !== undefined),
    ...(isPublic || hasOwnCredentials ? [] : ['-H "X-Auth-Token: $TOKEN"']),
    ...parameters
      .filter((parameter) => parameter.in === 'header' && parameter.isRequired)
      .map(
        ({ name }) =>
          `-H "${name}: $${name === 'X-Subject-Token' ? 'TOKEN' : name.replaceAll('-', '_').toUpperCase()}"`,
      ),
    ...(isLogin(operation) ? ['-D -'] : []),
  ];
  const lines = [`curl -s -w '\\n' "$URL${target}"`, ...options.map((option) => `  ${option}`)].join(' \\\n');
  return body === undefined ? lines : `${lines} \\\n  -H 'Content-Type: application/json' -d @- <<END\n${body}\nEND`;
}

/** The token is in a header of the reply. */
const isLogin = ({ method, path }: Operation) => method === 'POST' && path === '/v3/auth/tokens';

function methodOption(method: string, hasBody: boolean): string[] {
  if (method === 'HEAD') return ['-I'];
  if (method === 'GET' || (method === 'POST' && hasBody)) return [];
  return method === 'POST' ? ["-d '{}'"] : [`-X ${method}`];
}

function bodyOf(example: unknown): string {
  return JSON.stringify(withVariables(example), null, 2);
}

function withVariables(value: unknown, name = ''): unknown {
  const variable = VARIABLES[name];
  if (typeof value === 'string' && variable) return `$${variable}`;
  if (Array.isArray(value)) return value.map((entry) => withVariables(entry));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withVariables(entry, key)]));
}

/** A login's example has the credentials of the variables, whatever the document's example has. */
const LOGIN_BODY = {
  auth: {
    identity: { methods: ['password'], password: { user: { id: '$USER_ID', password: '$PASSWORD' } } },
    scope: { project: { id: '$PROJECT' } },
  },
};
