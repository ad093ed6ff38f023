/** Set-up of the jest projects on DynamoDB: the service under test opens its store on DynamoDB Local. */
import { dynamodbEndpoint } from '../dynamodb.ts';

process.env['STORE'] = 'dynamodb';
process.env['DYNAMODB_ENDPOINT'] = dynamodbEndpoint();
