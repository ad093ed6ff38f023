import { Logger } from '@aws-lambda-powertools/logger';

/** One line of JSON a request, and for what goes wrong between requests. Never a token, key, signature or password. */
export const logger = new Logger({ serviceName: 'kms-grants' });
