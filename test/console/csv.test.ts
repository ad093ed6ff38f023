/** Tests console/api/csv.ts. Expected cells: RFC 4180, section 2; OWASP, "CSV Injection". */
import { expect, test } from '@jest/globals';
import { csvCell, csvOf, receiptsAsCsv } from '../../console/api/csv.ts';

test.each([
  ['plain', 'plain'],
  ['', ''],
  [undefined, ''],
  [12, '12'],
  ['a,b', '"a,b"'],
  ['say "no"', '"say ""no"""'],
  ['two\r\nlines', '"two\r\nlines"'],
  ['two\nlines', '"two\nlines"'],
  ['轮换密钥', '轮换密钥'],
])('the cell of %j is %j', (value, cell) => {
  expect(csvCell(value)).toBe(cell);
});

test.each([
  ['=1+1', `'=1+1`],
  ['+1', `'+1`],
  ['-1', `'-1`],
  ['@SUM(A1)', `'@SUM(A1)`],
  ['\t=1', `'\t=1`],
  ['\r=1', `"'\r=1"`],
  ['\n=1', `"'\n=1"`],
  ['＝1+1', `'＝1+1`],
  ['＋1', `'＋1`],
  ['－1', `'－1`],
  ['＠SUM(A1)', `'＠SUM(A1)`],
  ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
])('%j is not a formula for a spreadsheet', (value, cell) => {
  expect(csvCell(value)).toBe(cell);
});

test('each line ends with CRLF, also the last one', () => {
  expect(
    csvOf([
      ['a', 'b'],
      [1, undefined],
    ]),
  ).toBe('a,b\r\n1,\r\n');
});

test('a receipt has its time in UTC, its error code, and the grant as it was', () => {
  const csv = receiptsAsCsv([
    {
      event_id: '01a222e2939e000e8bd8cc5e9e15a801',
      event_time: '1795881603998',
      action: 'revoke-grant',
      project_id: 'p1',
      key_id: 'k1',
      grant_id: 'g1',
      actor: 'u1',
      channel: 'http',
      approved_by: undefined,
      reason: '=cmd()',
      request_id: 'r1',
      sequence: undefined,
      upstream_request_id: undefined,
      error_code: 'KMS.0306',
      observed: undefined,
      passed_on: 2,
      grant: {
        key_id: 'k1',
        grant_id: 'g1',
        name: 'orders, main',
        grantee_principal: 'u2',
        grantee_principal_type: 'user',
        operations: ['encrypt-data', 'decrypt-data'],
        issuing_principal: 'u1',
        creation_date: '1795881596990',
      },
    },
  ]);
  expect(csv.split('\r\n')).toEqual([
    'event_id,event_time,action,error_code,observed,actor,approved_by,channel,reason,request_id,sequence,upstream_request_id,' +
      'project_id,key_id,grant_id,passed_on,grant.name,grant.grantee_principal,grant.grantee_principal_type,' +
      'grant.operations,grant.issuing_principal,grant.retiring_principal,grant.creation_date',
    `01a222e2939e000e8bd8cc5e9e15a801,2026-11-28T16:00:03.998Z,revoke-grant,KMS.0306,,u1,,http,'=cmd(),r1,,,p1,k1,g1,2,` +
      '"orders, main",u2,user,encrypt-data decrypt-data,u1,,2026-11-28T15:59:56.990Z',
    '',
  ]);
});
