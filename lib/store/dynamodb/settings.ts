import { type AwsSettings, awsCall } from '../../clients/aws.ts';

export interface DynamodbSettings {
  table: string;
  aws: AwsSettings;
  /** The address of a local DynamoDB, instead of AWS's own. */
  endpoint?: string | undefined;
}

/** Prepares calls of DynamoDB. */
export const dynamodbCall = ({ aws, endpoint }: DynamodbSettings) =>
  awsCall(aws, { name: 'dynamodb', target: 'DynamoDB_20120810', jsonVersion: '1.0', endpoint });
