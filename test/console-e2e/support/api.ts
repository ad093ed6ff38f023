import type { DemoUser } from '../../../local/demo.ts';

/** Returns a token of the user for the project, as POST /v3/auth/tokens issues it. */
export async function tokenOf(url: string, { user_id: id, password }: DemoUser, projectId: string): Promise<string> {
  const identity = { methods: ['password'], password: { user: { id, password } } };
  const body = JSON.stringify({ auth: { identity, scope: { project: { id: projectId } } } });
  const response = await fetch(`${url}/v3/auth/tokens`, { method: 'POST', body });
  const token = response.headers.get('x-subject-token');
  if (!token) throw new Error(`no token: ${response.status} ${await response.text()}`);
  return token;
}
