/** Also tests: console/api/session-clock.ts, console/api/client.ts, console/api/error.ts. */
import { describe, expect, test } from '@jest/globals';
import { createSession } from '../../console/api/session.ts';

const CALLER = { user_id: 'u1', project_id: 'p1', permissions: [] };
const MINUTE_MS = 60_000;

interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
  keepalive: boolean;
}

/** A service with one user; its answers are those of the token APIs. */
function fixture({ projects = [{ id: 'p1', name: 'eu-de' }], projectsStatus = 200 } = {}) {
  const sent: Sent[] = [];
  let nowMs = 1_000_000;
  let status = 200;
  const tokens = ['first', 'working', 'second first', 'second working'];
  const session = createSession({
    now: () => nowMs,
    async fetch(path, { method = '', headers, body, keepalive = false }) {
      const parsed = typeof body === 'string' ? JSON.parse(body) : undefined;
      sent.push({ method, path, headers: headers as Record<string, string>, body: parsed, keepalive });
      if (method === 'DELETE') return new Response(null, { status: 204 });
      if (path.startsWith('/v3/auth/tokens'))
        return new Response('{"token":{}}', { status: 201, headers: { 'X-Subject-Token': tokens.shift() ?? '' } });
      if (path === '/v3/auth/projects') return Response.json({ projects }, { status: projectsStatus });
      if (path === '/v1.0/caller') return Response.json(CALLER);
      if (status === 200) return Response.json({ grants: [] });
      const error = { error_code: 'APIGW.0301', error_msg: 'Incorrect IAM authentication information.' };
      return Response.json({ error, ...error, request_id: 'r1' }, { status });
    },
  });
  return {
    session,
    sent,
    pass: (ms: number) => {
      nowMs += ms;
    },
    refuse: () => {
      status = 401;
    },
  };
}

const LOGIN = { domain: 'd', user: 'alice', password: 'secret' };
const REQUEST = { method: 'POST', path: '/v1.0/p1/kms/list-grants', body: {} } as const;

describe('sign-in', () => {
  test('with one project signs in to it, with a token of one hour', async () => {
    const { session, sent } = fixture();
    await session.signIn(LOGIN);
    expect(session.state()).toEqual({ phase: 'signed-in', caller: CALLER });
    expect(sent[0]?.body).toMatchObject({ auth: { scope: 'unscoped', lifetime_seconds: 3600 } });
    expect(sent[2]?.body).toEqual({
      auth: { identity: { methods: ['token'], token: { id: 'first' } }, scope: { project: { id: 'p1' } } },
    });
    await session.call(REQUEST);
    expect(sent.at(-1)?.headers['X-Auth-Token']).toBe('working');
  });

  test('with several projects asks for one of them', async () => {
    const projects = [
      { id: 'p1', name: 'a' },
      { id: 'p2', name: 'b' },
    ];
    const { session, sent } = fixture({ projects });
    await session.signIn(LOGIN);
    expect(session.state()).toEqual({ phase: 'choosing', projects });
    await session.chooseProject('p2');
    expect(sent.at(-2)?.body).toMatchObject({ auth: { scope: { project: { id: 'p2' } } } });
    expect(session.state().phase).toBe('signed-in');
  });

  test('a sign-in that fails after the service has issued a token revokes that token', async () => {
    const { session, sent } = fixture({ projectsStatus: 503 });
    await expect(session.signIn(LOGIN)).rejects.toMatchObject({ status: 503 });
    expect(session.state()).toEqual({ phase: 'signed-out' });
    expect(sent.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'X-Subject-Token': 'first' } });
  });

  test('no property of the session holds a token', async () => {
    const { session } = fixture();
    await session.signIn(LOGIN);
    expect(JSON.stringify([session, session.state()])).not.toMatch(/first|working/);
  });
});

describe('the end of a session', () => {
  test('sign-out revokes the first token, in a request that outlives the page', async () => {
    const { session, sent } = fixture();
    await session.signIn(LOGIN);
    session.end('signed-out');
    expect(session.state()).toEqual({ phase: 'signed-out', reason: 'signed-out' });
    expect(sent.at(-1)).toMatchObject({
      method: 'DELETE',
      path: '/v3/auth/tokens',
      headers: { 'X-Auth-Token': 'first', 'X-Subject-Token': 'first' },
      keepalive: true,
    });
    await expect(session.call(REQUEST)).rejects.toMatchObject({ status: 401 });
    expect(sent.at(-1)?.method).toBe('DELETE');
  });

  test('what one person started does not continue in the session of the next one', async () => {
    const { session } = fixture();
    await session.signIn(LOGIN);
    const isSameSession = session.mark();
    await session.call(REQUEST);
    expect(isSameSession()).toBe(true);
    session.end('signed-out');
    expect(isSameSession()).toBe(false);
    await session.signIn({ ...LOGIN, user: 'bob' });
    expect([session.state().phase, isSameSession()]).toEqual(['signed-in', false]);
  });

  test('a pasted token is not revoked, because another service issued it', async () => {
    const { session, sent } = fixture();
    await session.signInWithToken('pasted');
    session.end('signed-out');
    expect(sent.map(({ method }) => method)).toEqual(['GET']);
  });

  test('a refused token ends the session, and the error keeps code and request id', async () => {
    const { session, refuse } = fixture();
    await session.signIn(LOGIN);
    refuse();
    await expect(session.call(REQUEST)).rejects.toMatchObject({
      code: 'APIGW.0301',
      requestId: 'r1',
      helpPath: '/docs/errors/APIGW.0301',
    });
    expect(session.state()).toEqual({ phase: 'signed-out', reason: 'refused' });
  });

  test('15 minutes without use end it, and use lengthens it', async () => {
    const { session, pass } = fixture();
    await session.signIn(LOGIN);
    pass(14 * MINUTE_MS);
    session.touch();
    pass(14 * MINUTE_MS + 1);
    expect(session.endsSoonBy()).toBe('idle');
    session.check();
    expect(session.state().phase).toBe('signed-in');
    pass(MINUTE_MS);
    session.touch();
    session.check();
    expect(session.state()).toEqual({ phase: 'signed-out', reason: 'idle' });
  });

  test('15 minutes without use end it before a project is chosen, too', async () => {
    const projects = ['p1', 'p2'].map((id) => ({ id, name: id }));
    const { session, sent, pass } = fixture({ projects });
    await session.signIn(LOGIN);
    pass(15 * MINUTE_MS);
    session.check();
    expect(session.state()).toEqual({ phase: 'signed-out', reason: 'idle' });
    expect(sent.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'X-Subject-Token': 'first' } });
  });

  test('the hour begins with the password, and not with the choice of a project', async () => {
    const projects = ['p1', 'p2'].map((id) => ({ id, name: id }));
    const { session, pass } = fixture({ projects });
    await session.signIn(LOGIN);
    pass(14 * MINUTE_MS);
    await session.chooseProject('p2');
    for (let minute = 14; minute < 60; minute++) {
      session.touch();
      pass(MINUTE_MS);
    }
    session.check();
    expect(session.state()).toEqual({ phase: 'signed-out', reason: 'lifetime' });
  });

  test('one hour ends it, however much it is used', async () => {
    const { session, pass } = fixture();
    await session.signIn(LOGIN);
    for (let minute = 1; minute < 60; minute++) {
      pass(MINUTE_MS);
      session.touch();
    }
    expect(session.endsSoonBy()).toBe('lifetime');
    pass(MINUTE_MS);
    await expect(session.call(REQUEST)).rejects.toMatchObject({ status: 401 });
    expect(session.state()).toEqual({ phase: 'signed-out', reason: 'lifetime' });
  });
});
