import type { Demo } from './demo.ts';

/** What a first start tells: curl lines that work as pasted. */
export function welcome(url: string, demo: Demo, demoFile: string): string {
  const [creator] = demo.users;
  const [grant] = demo.grants;
  if (!creator || !grant) return '';
  const api = `${url}/v1.0/${demo.project_id}/kms`;
  const login = {
    auth: {
      identity: {
        methods: ['password'],
        password: {
          user: { name: creator.name, password: creator.password, domain: { name: creator.domain_name } },
        },
      },
      scope: { project: { id: demo.project_id } },
    },
  };
  return `
A demo project was made: two keys, ${demo.grants.length} grants, four users (credentials in ${demoFile}). Try it:

# 1. get a token
TOKEN=$(curl -s -D - -o /dev/null ${url}/v3/auth/tokens -d '${JSON.stringify(login)}' | tr -d '\\r' | sed -n 's/^x-subject-token: //p')

# 2. list the grants of a key
curl -s ${api}/list-grants -H "X-Auth-Token: $TOKEN" -d '${JSON.stringify({ key_id: grant.key_id })}'

# 3. revoke one of them
curl -s ${api}/revoke-grant -H "X-Auth-Token: $TOKEN" -d '${JSON.stringify(grant)}'
`;
}
