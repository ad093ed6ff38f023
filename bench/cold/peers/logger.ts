/** The least that our functions are made of: middy, and a line of Powertools' logger. */
import { Logger } from '@aws-lambda-powertools/logger';
import middy from '@middy/core';

const logger = new Logger({ serviceName: 'empty' });

export const handler = middy(async () => {
  logger.info('request');
  return { statusCode: 200, body: '{}' };
});
