/** A handler with only middy and one line of Powertools' logger, which every function has. */
import { Logger } from '@aws-lambda-powertools/logger';
import middy from '@middy/core';

const logger = new Logger({ serviceName: 'empty' });

export const handler = middy(async () => {
  logger.info('request');
  return { statusCode: 200, body: '{}' };
});
