/**
 * Replaces lib/clients/aws.ts with the AWS SDK. The SDK returns binary attributes as bytes and not as base64, so this
 * works only for functions that read none, such as list-grants.
 */
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { AwsCall, AwsService, AwsSettings } from '../../../lib/clients/aws.ts';
import { AwsError } from '../../../lib/clients/aws-errors.ts';

// biome-ignore lint/suspicious/noExplicitAny: each command has its own input type, which the store provides
const COMMANDS: Record<string, new (input: any) => GetItemCommand> = {
  BatchGetItem: BatchGetItemCommand as never,
  DeleteItem: DeleteItemCommand as never,
  GetItem: GetItemCommand,
  PutItem: PutItemCommand as never,
  Query: QueryCommand as never,
  TransactWriteItems: TransactWriteItemsCommand as never,
  UpdateItem: UpdateItemCommand as never,
};

export function awsCall(
  { region, accessKeyId = '', secretAccessKey = '', sessionToken }: AwsSettings,
  { endpoint }: AwsService,
): AwsCall {
  let client: DynamoDBClient | undefined;
  const open = () =>
    new DynamoDBClient({
      region,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
      ...(endpoint !== undefined && { endpoint }),
      maxAttempts: 1,
    });

  return async (operation, input, timeoutMs) => {
    const Command = COMMANDS[operation];
    if (!Command) throw new Error(`no command for ${operation}`);
    client ??= open();
    try {
      return { ...(await client.send(new Command(input), { abortSignal: AbortSignal.timeout(timeoutMs) })) };
    } catch (error) {
      if (!(error instanceof DynamoDBServiceException)) throw error;
      const { name, message, $metadata, ...answer } = error;
      throw new AwsError(operation, $metadata.httpStatusCode ?? 500, { ...answer, __type: name, message });
    }
  };
}
