/**
 * What each error of the table in lib/errors.ts means, what causes it, and what to do about it.
 * Source of the meanings: KMS API reference, "Error Codes"; API Gateway, "Error Codes".
 */
import type { ErrorCode } from '../lib/errors.ts';
import { CALLER } from './error-texts/caller.ts';
import { CONNECTION } from './error-texts/connection.ts';
import { GRANTS } from './error-texts/grants.ts';
import { KEYS } from './error-texts/keys.ts';
import { REQUESTS } from './error-texts/requests.ts';
import { TOKEN_API } from './error-texts/token-api.ts';
import type { Text } from './page/language.ts';

export interface ErrorText {
  meaning: Text;
  /**
   * What a repeat does. `fix`: nothing was changed, and the same request fails again. `later`: nothing was changed, and
   * the same request may succeed later. `unsure`: the change may have been made.
   */
  repeat: 'fix' | 'later' | 'unsure';
  cases: readonly ErrorCase[];
}

export interface ErrorCase {
  /** What the reply says after the documented text. `…` stands for a part that varies. */
  says?: string;
  cause: Text;
  cure: Text;
  /** Shell commands of the cure, with the variables of the documentation. */
  command?: string;
}

/** A code without a text is a type error. */
export const ERROR_TEXTS: Readonly<Record<ErrorCode, ErrorText>> = {
  ...CONNECTION,
  ...CALLER,
  ...REQUESTS,
  ...KEYS,
  ...GRANTS,
  ...TOKEN_API,
};
