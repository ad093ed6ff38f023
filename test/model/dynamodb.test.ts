/** The DynamoDB engine against the model, and clients at once on it. */
import { clientsAtOnce, randomHistories } from './suite.ts';
import { DYNAMODB } from './systems.ts';

randomHistories(DYNAMODB, 2000);
clientsAtOnce(DYNAMODB, 60);
