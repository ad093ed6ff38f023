/** Which errors an API can answer: derived from its description in functions/, and from what its own rules throw. */
import { ERRORS, type ErrorCode } from '../lib/errors.ts';
import type { Api } from '../lib/handlers/api.ts';
import { ruleOf } from '../lib/validation/field.ts';
import { codesOfChecks } from './fields.ts';
import { isRequired } from './request-body.ts';
import type { Operation } from './types.ts';

/** The gateway refuses a request that is no valid HTTP, and every function may fail. */
const EVERYWHERE: readonly ErrorCode[] = [
  'APIGW.0201:400',
  'APIGW.0201:408',
  'APIGW.0201:413',
  'APIGW.0201:417',
  'APIGW.0201:431',
  'KMS.0101',
  // Of the body limit: also where the body is not read.
  'KMS.0203',
];

/** Of the directory or the IAM that checks the credentials, and of the store. */
const WITH_CREDENTIALS: readonly ErrorCode[] = ['APIGW.0301', 'APIGW.0308', 'APIGW.0201:502', 'APIGW.0201:504'];

/** For methods and paths that have no route. */
export const UNMATCHED_CODES: readonly ErrorCode[] = [...EVERYWHERE, 'APIGW.0101', 'KMS.0215'];

function codesOfFields({ fields = {}, rejectsUnknownFields, malformedBodyCode = 'KMS.0202' }: Api): string[] {
  return [
    malformedBodyCode,
    ...(rejectsUnknownFields ? ['KMS.0308'] : []),
    ...('sequence' in fields ? ['KMS.0308'] : []),
    ...Object.values(fields).flatMap((field) => {
      const { code, decidesNothing, isAbsent } = ruleOf(field);
      const isMissing = isRequired(field) && !isAbsent ? ['KMS.0204'] : [];
      return [...(decidesNothing ? [] : [code]), ...isMissing, ...codesOfChecks(field)];
    }),
  ];
}

/** Returns the codes of the API, in the order of the table. */
export function codesOf(api: Api, { codes = [], security }: Pick<Operation, 'codes' | 'security'>): ErrorCode[] {
  const { access, fields, requiresDirectory } = api;
  const isAuthenticated = access !== 'anyone';
  const all = new Set<string>([
    ...EVERYWHERE,
    ...(isAuthenticated ? WITH_CREDENTIALS : []),
    // A login and a signed webhook read the store.
    ...(fields || security ? ['APIGW.0201:504', 'APIGW.0308'] : []),
    ...(isAuthenticated && access !== 'caller' ? ['KMS.0321', 'KMS.0307'] : []),
    ...(requiresDirectory ? ['APIGW.0101'] : []),
    ...(fields ? codesOfFields(api) : []),
    ...codes,
  ]);
  return (Object.keys(ERRORS) as ErrorCode[]).filter((code) => all.has(code));
}

/** The code as it is sent; undefined for errors in Keystone's form, which have none. */
export function sentCode(code: ErrorCode): string | undefined {
  return code.startsWith('Keystone.') ? undefined : code.replace(/:.*/, '');
}
