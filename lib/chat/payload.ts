/** The parsed body of a platform's request, checked field by field. */
import * as z from 'zod/mini';
import { KmsError } from '../errors.ts';

/**
 * @param at the path of `input` in the body, for the text of the error
 * @throws KmsError KMS.0204 for a missing field, KMS.0308 for a malformed one, without its value
 */
export function checkPayload<T extends z.core.$ZodType>(schema: T, input: unknown, at = ''): z.output<T> {
  const { success, data, error } = z.safeParse(schema, input, { reportInput: true });
  if (success) return data as z.output<T>;
  const [issue] = error.issues;
  const path = [...(at === '' ? [] : [at]), ...(issue?.path ?? [])].join('.');
  if (issue?.code === 'invalid_type' && issue.input === undefined) {
    throw new KmsError('KMS.0204', { detail: `${path} is required.` });
  }
  throw malformed(path);
}

export const malformed = (path: string) => new KmsError('KMS.0308', { detail: `${path} is malformed.` });
