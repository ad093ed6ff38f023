import { dirname } from 'node:path';
import type { Demo } from './demo.ts';

/**
 * Returns the text that a first start prints: curl commands to paste. The password stays in its file.
 * @param files absolute paths
 */
export function welcome(
  url: string,
  demo: Demo,
  { demoFile, loginFile }: { demoFile: string; loginFile: string },
): string {
  const [grant] = demo.grants;
  const api = `${url}/v1.0/${demo.project_id}/kms`;
  return `
Created a demo project with two keys, ${demo.grants.length} grants and four users. Their credentials are in ${demoFile}.
Paste these commands into another terminal to try the API:

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

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
