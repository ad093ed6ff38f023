/** A sample of a Security Event Token, signed with ES256. Source: RFC 8417; RFC 7518, section 3.4; RFC 8935. */
import { sign } from 'node:crypto';
import { authorizationIn } from '../../../lib/webhooks/inbound/ssf/authorization.ts';
import { forEvent, type SampleSender } from '../sample.ts';

const KEY_ID = 'sample';
const OPENID = 'https://schemas.openid.net/secevent';

const EVENT_TYPES: Readonly<Record<string, string>> = {
  'account-disabled': `${OPENID}/risc/event-type/account-disabled`,
  'account-purged': `${OPENID}/risc/event-type/account-purged`,
  'account-enabled': `${OPENID}/risc/event-type/account-enabled`,
  'account-credential-change-required': `${OPENID}/risc/event-type/account-credential-change-required`,
  'credential-compromise': `${OPENID}/risc/event-type/credential-compromise`,
  'sessions-revoked': `${OPENID}/risc/event-type/sessions-revoked`,
  'credential-change': `${OPENID}/caep/event-type/credential-change`,
  'session-revoked': `${OPENID}/caep/event-type/session-revoked`,
  'scim-delete': 'urn:ietf:params:scim:event:prov:delete',
  'scim-deactivate': 'urn:ietf:params:scim:event:prov:deactivate',
  verification: `${OPENID}/ssf/event-type/verification`,
};

export const sample: SampleSender = {
  signsWithPrivateKey: true,
  keyType: 'P-256',
  publicPart: (key) => JSON.stringify({ ...key.export({ format: 'jwk' }), kid: KEY_ID, alg: 'ES256', use: 'sig' }),
  defaultEvent: 'account-disabled',
  request({ secret: privateKey, person, event, id, source, nowMs }) {
    const type = forEvent(EVENT_TYPES, event);
    const { issuer: iss, audience } = source.settings as { issuer: string; audience: string | string[] };
    const subject = person.includes('@') ? { format: 'email', email: person } : { format: 'iss_sub', iss, sub: person };
    const details = event === 'credential-change' ? { change_type: 'revoke', credential_type: 'password' } : {};
    const claims = {
      iss,
      aud: [audience].flat()[0],
      jti: id,
      iat: Math.floor(nowMs / 1000),
      sub_id: subject,
      events: { [type]: details },
    };
    const input = [{ alg: 'ES256', kid: KEY_ID, typ: 'secevent+jwt' }, claims].map(segment).join('.');
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    const authorization = source.secrets.map(authorizationIn).find((each) => each !== undefined);
    const headers = {
      'content-type': 'application/secevent+jwt',
      accept: 'application/json',
      ...(authorization !== undefined && { authorization }),
    };
    return { method: 'POST', path: '/events', headers, body: `${input}.${signature.toString('base64url')}` };
  },
};

const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
