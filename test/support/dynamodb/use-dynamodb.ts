/** Before each test file of the project `dynamodb`: the service under test opens its store there. */
import { dynamodbEndpoint } from '../dynamodb.ts';

process.env['STORE'] = 'dynamodb';
process.env['DYNAMODB_ENDPOINT'] = dynamodbEndpoint();
