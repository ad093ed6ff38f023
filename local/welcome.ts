import { dirname } from 'node:path';
import type { Demo } from './demo.ts';

/**
 * Returns the text that a first start prints: the sign-in to the console, and curl commands to paste.
 * @param files absolute paths
 * @param showsPasswords true for a terminal; a log must not contain them
 * @param hasConsole whether the service has the console
 */
export function welcome(
  url: string,
  demo: Demo,
  {
    demoFile,
    loginFile,
    showsPasswords,
    hasConsole,
  }: { demoFile: string; loginFile: string; showsPasswords: boolean; hasConsole: boolean },
): string {
  const [grant] = demo.grants;
  const api = `${url}/v1.0/${demo.project_id}/kms`;
  return `
Created a demo project with two keys, ${demo.grants.length} grants and four users. Their credentials are in ${demoFile}.
${hasConsole ? consoleText(url, demo, showsPasswords) : ''}
The API is described at ${url}/docs. Paste these commands into another terminal to try it:

# 1. Get a token
TOKEN=$(curl -s -D - -o /dev/null ${url}/v3/auth/tokens -d ${shellQuote(`@${loginFile}`)} | tr -d '\\r' | sed -n 's/^x-subject-token: //p')

# 2. List the grants of a key
curl -s ${api}/list-grants -H "X-Auth-Token: $TOKEN" -d '${JSON.stringify({ key_id: grant?.key_id })}'

# 3. Revoke one of them
curl -s ${api}/revoke-grant -H "X-Auth-Token: $TOKEN" -d '${JSON.stringify(grant)}'

# The same in chat, here from the command line (npm run -s chat -- --help)
DATA_DIR=${shellQuote(dirname(demoFile))} npm run -s chat -- --as creator --url ${url} "list orders"
`;
}

function consoleText(url: string, { users }: Demo, showsPasswords: boolean): string {
  const lines = users
    .filter(({ name }) => name === 'reader' || name === 'administrator')
    .map(({ name, domain_name, password }) => `  domain ${domain_name}, user ${name}, password ${password}`);
  const signIn = showsPasswords
    ? `Sign in to look around, or to revoke:\n${lines.join('\n')}`
    : 'Sign in as the user reader to look around, or as administrator to revoke. The passwords are in that file.';
  return `\nOpen the console in a browser: ${url}/console\n${signIn}\n`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
