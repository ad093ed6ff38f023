/** The DynamoDB engine compared with the model, and concurrent clients on it. */

import { DYNAMODB } from './engines.ts';
import { concurrentClients, randomHistories } from './suite.ts';

randomHistories(DYNAMODB, 2000);
concurrentClients(DYNAMODB, 60);
