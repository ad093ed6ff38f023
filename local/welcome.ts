import type { Demo } from './demo.ts';

/**
 * What a first start tells: curl lines that work as pasted. The password stays in its file.
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
A demo project was made: two keys, ${demo.grants.length} grants, four users (credentials in ${demoFile}). Try it:

# 1. get a token
TOKEN=$(curl -s -D - -o /dev/null ${url}/v3/auth/tokens -d ${quoted(`@${loginFile}`)} | tr -d '\\r' | sed -n 's/^x-subject-token: //p')

# 2. list the grants of a key
curl -s ${api}/list-grants -H "X-Auth-Token: $TOKEN" -d '${JSON.stringify({ key_id: grant?.key_id })}'

# 3. revoke one of them
curl -s ${api}/revoke-grant -H "X-Auth-Token: $TOKEN" -d '${JSON.stringify(grant)}'
`;
}

/** As one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
