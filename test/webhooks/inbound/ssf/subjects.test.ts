import { expect, test } from '@jest/globals';
import { subjectOf } from '../../../../lib/webhooks/inbound/ssf/subjects.ts';

const ISSUER = 'https://issuer.example.com/';
const OTHER = 'https://other.example.com/';
const issSub = (iss: string, sub = '145234573') => ({ format: 'iss_sub', iss, sub });
const email = (address: string) => ({ format: 'email', email: address });

const read = (subject: unknown) => subjectOf(subject, [ISSUER]);
const ids = (...values: string[]) => ({ ids: values, emails: [] });

// The forms are those of RFC 9493, section 3.2, of SSF 1.0, "Complex Subject Members", and of RFC 9967.
test.each<[string, object, object]>([
  ['sub of the issuer of the stream', issSub(ISSUER), ids('145234573')],
  ['sub of another issuer, together with the issuer', issSub(OTHER), ids(`${OTHER} 145234573`)],
  ['an opaque id', { format: 'opaque', id: '11112222333344445555' }, ids('11112222333344445555')],
  [
    'an account',
    { format: 'account', uri: 'acct:example.user@service.example.com' },
    ids('acct:example.user@service.example.com'),
  ],
  ['a URI', { format: 'uri', uri: 'https://user.example.com/' }, ids('https://user.example.com/')],
  ['a DID', { format: 'did', url: 'did:example:123456' }, ids('did:example:123456')],
  ['an e-mail address, in lower case', email('User@Example.com'), { ids: [], emails: ['user@example.com'] }],
  ['a SCIM resource', { format: 'scim', uri: '/Users/2b2f880a', externalId: 'jdoe' }, ids('jdoe', '2b2f880a')],
  [
    'a SCIM resource without an externalId',
    { format: 'scim', uri: 'https://scim.example.com/v2/Users/2b2f880a' },
    ids('2b2f880a'),
  ],
  [
    'each alias',
    {
      format: 'aliases',
      identifiers: [email('a@example.com'), issSub(ISSUER), { format: 'phone_number', phone_number: '+12065550100' }],
    },
    { ids: ['145234573'], emails: ['a@example.com'] },
  ],
  [
    'the user of a complex subject',
    {
      format: 'complex',
      user: issSub(ISSUER),
      device: issSub(ISSUER, 'device'),
      session: { format: 'opaque', id: 's' },
    },
    ids('145234573'),
  ],
  [
    'the user of a complex subject without a format',
    { user: issSub(ISSUER), tenant: { format: 'opaque', id: 't' } },
    ids('145234573'),
  ],
  ['a subject of an earlier draft', { subject_type: 'iss-sub', iss: ISSUER, sub: '145234573' }, ids('145234573')],
  [
    'the claims of an ID token of an earlier draft',
    { subject_type: 'id_token_claims', iss: ISSUER, sub: '145234573', email: 'a@example.com' },
    { ids: ['145234573'], emails: ['a@example.com'] },
  ],
])('the identity in the subject of an event is %s', (_, subject, expected) => {
  expect(read(subject)).toEqual(expected);
});

const nested = { format: 'aliases', identifiers: [issSub(ISSUER)] };

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'user'],
  ['a list', [issSub(ISSUER)]],
  ['an object without a format', { iss: ISSUER, sub: '1' }],
  ['an unknown format', { format: 'catalog_item', catalog_id: '1' }],
  ['a format that is the name of a property of objects', { format: 'constructor' }],
  ['a phone number', { format: 'phone_number', phone_number: '+12065550100' }],
  ['a device only', { format: 'complex', device: issSub(ISSUER) }],
  ['a tenant only, which means all of its users', { format: 'complex', tenant: issSub(ISSUER) }],
  ['a complex subject in a complex one', { format: 'complex', user: { format: 'complex', user: issSub(ISSUER) } }],
  ['aliases in aliases', { format: 'aliases', identifiers: [nested] }],
  ['too many aliases', { format: 'aliases', identifiers: Array(17).fill(issSub(ISSUER)) }],
  ['aliases that are no list', { format: 'aliases', identifiers: issSub(ISSUER) }],
  ['no sub', { format: 'iss_sub', iss: ISSUER }],
  ['an empty sub', issSub(ISSUER, '')],
  ['a sub that is a number', { format: 'iss_sub', iss: ISSUER, sub: 1 }],
  ['an id that is too long', { format: 'opaque', id: 'x'.repeat(257) }],
  ['an id that looks like a leaked credential', { format: 'opaque', id: 'access-key:ABCDEFGHIJ0123456789' }],
])('the subject of an event names nobody if it is %s', (_, subject) => {
  expect(read(subject)).toBeUndefined();
});
