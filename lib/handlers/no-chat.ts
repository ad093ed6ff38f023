import { KmsError } from '../errors.ts';
import { SignatureError, UNVERIFIED } from '../signing/signed-request.ts';

/**
 * In a deployed function, in place of `local-chat.ts`. Chat has a function of its own, with the permissions that it
 * needs: the function `webhook` has fewer.
 */
export const receiveChat = async (): Promise<never> => {
  const reason =
    'there is no such source of webhooks; a chat source of this name needs a route to the function chat in serverless.yml';
  throw new KmsError('APIGW.0301', { detail: UNVERIFIED, cause: new SignatureError(reason) });
};
