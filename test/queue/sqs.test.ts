/**
 * The queue in SQS: its contract against an emulator, and its requests against a server that records them.
 * Also tests: lib/queue/queue.ts, lib/queue/sqs-sender.ts.
 */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import type { Message, Queue } from '../../lib/queue/queue.ts';
import { messageOfRecord, sqsQueue } from '../../lib/queue/sqs.ts';
import type { SqsSettings } from '../../lib/queue/sqs-sender.ts';
import { queueContract } from '../contract/queue.ts';
import { type FakeServer, json, startFakeServer } from '../support/aws/fake-server.ts';

const AWS = { region: 'eu-central-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
const JOB: Message = { kind: 'job', jobId: '0123456789abcdef0123456789abcdef', source: 'okta' };
const JOB_TEXT = '{"kind":"job","jobId":"0123456789abcdef0123456789abcdef","source":"okta"}';
const ATTRIBUTES = { ApproximateReceiveCount: '3' };
/** Texts that may be in a queue and are not messages of this service. */
const UNPARSEABLE = [
  'not JSON',
  'null',
  '[]',
  '{}',
  '{"kind":"other"}',
  '{"kind":"job"}',
  '{"kind":"job","jobId":7}',
  '{"kind":"delivery","target":"siem","messageId":"m"}',
];

describe('with the emulator', () => {
  let server: FauxqsServer;
  let count = 0;
  beforeAll(async () => {
    server = await startFauxqs({ port: 0, logger: false });
  });
  afterAll(() => server.stop());

  /** Creates a new queue with a dead-letter queue. */
  function createQueue(maxReceiveCount = 12) {
    count += 1;
    const [name, deadName] = [`work-${count}`, `dead-${count}`];
    const { region } = AWS;
    const dead = server.createQueue(deadName, { region });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount });
    server.createQueue(name, { region, attributes: { RedrivePolicy } });
    const urlOf = (queue: string) => `${server.address}/000000000000/${queue}`;
    const settings: SqsSettings = {
      aws: AWS,
      queueUrl: urlOf(name),
      deadLetterUrl: urlOf(deadName),
      waitSeconds: 0,
    };
    return { name, deadName, region, settings, queue: sqsQueue(settings) };
  }

  queueContract(async () => ({ queue: createQueue().queue, close: async () => undefined }));

  const messagesIn = (name: string) => server.inspectQueue(name)?.messages;

  test('a message that cannot be parsed is not received, does not block others and becomes a dead letter', async () => {
    const { name, deadName, settings, queue, region } = createQueue(2);
    for (const text of UNPARSEABLE) server.sendMessage(name, text, { region });
    await queue.send(JOB);
    for (const round of [1, 2]) {
      const received = [...(await queue.receive(10)), ...(await queue.receive(10))];
      expect(received).toMatchObject([{ message: JOB, receiveCount: round }]);
      await makeVisible(settings, name);
    }
    expect(await queue.receive(10)).toEqual([]);
    expect(messagesIn(name)).toMatchObject({ ready: [], inflight: [] });
    expect(messagesIn(deadName)?.ready.map(({ body }) => body)).toEqual(
      expect.arrayContaining([...UNPARSEABLE, JOB_TEXT]),
    );
    expect(await queue.listDeadLetters()).toEqual([JOB]);
    expect(await queue.redriveDeadLetters()).toBe(1);
    expect(await queue.receive(10)).toMatchObject([{ message: JOB, receiveCount: 1 }]);
    expect(await queue.receive(10)).toEqual([]);
  });

  /** Makes all hidden messages visible, like the end of the visibility timeout. */
  async function makeVisible({ queueUrl }: SqsSettings, name: string): Promise<void> {
    const client = awsClient();
    for (const { receiptHandle } of messagesIn(name)?.inflight ?? []) {
      const input = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: 0 };
      await client.send(new ChangeMessageVisibilityCommand(input));
    }
    client.destroy();
  }

  const awsClient = () =>
    new SQSClient({ region: AWS.region, endpoint: server.address, credentials: { ...AWS, sessionToken: '' } });

  test("messages are exchanged with AWS's own client in both directions", async () => {
    const { queue, settings } = createQueue();
    const QueueUrl = settings.queueUrl;
    const client = awsClient();
    await queue.send(JOB);
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages.map(({ Body }) => Body)).toEqual([JOB_TEXT]);
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }));
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"kind":"outbox"}' }));
    expect(await queue.receive(10)).toMatchObject([{ message: { kind: 'outbox' }, receiveCount: 1 }]);
    client.destroy();
  });

  test('retrying a message later that is visible again or deleted has no effect', async () => {
    const { queue } = createQueue();
    await queue.send(JOB);
    const [first] = await queue.receive(1);
    if (!first) throw new Error('expected a message');
    await queue.retryLater(first, 0);
    await queue.retryLater(first, 60);
    const [second] = await queue.receive(1);
    if (!second) throw new Error('expected the message again');
    await queue.delete(second);
    await queue.retryLater(second, 0);
    expect(await queue.receive(1)).toEqual([]);
  });

  test('a call of a queue that does not exist fails with QueueDoesNotExist', async () => {
    const queue = sqsQueue({ ...createQueue().settings, queueUrl: `${server.address}/000000000000/none` });
    await expect(queue.send(JOB)).rejects.toThrow('SendMessage: QueueDoesNotExist');
    await expect(queue.receive(1)).rejects.toThrow('ReceiveMessage: QueueDoesNotExist');
  });
});

describe('requests and responses', () => {
  let server: FakeServer;
  let queue: Queue;
  let queueUrl: string;
  beforeEach(async () => {
    server = await startFakeServer();
    queueUrl = `${server.endpoint}/123456789012/work`;
    queue = sqsQueue({ aws: AWS, queueUrl, deadLetterUrl: `${server.endpoint}/123456789012/dead` });
  });
  afterEach(() => server.stop());

  const received = { message: JOB, receiveCount: 1, receiptHandle: 'AQEB+/=' };
  const requests = () =>
    server.requests.map(({ headers, body }) => [headers['x-amz-target'], JSON.parse(body) as Record<string, unknown>]);

  test('each method sends the documented request of SQS, signed, to the host of the queue URL', async () => {
    await queue.send(JOB, 1.5);
    await queue.receive(3);
    await queue.delete(received);
    await queue.retryLater(received, 43_000);
    await queue.listDeadLetters();
    const QueueUrl = queueUrl;
    const MessageSystemAttributeNames = ['ApproximateReceiveCount'];
    expect(requests()).toEqual([
      ['AmazonSQS.SendMessage', { QueueUrl, MessageBody: JOB_TEXT, MessageGroupId: 'job:okta', DelaySeconds: 2 }],
      [
        'AmazonSQS.ReceiveMessage',
        { QueueUrl, MaxNumberOfMessages: 3, VisibilityTimeout: 120, WaitTimeSeconds: 1, MessageSystemAttributeNames },
      ],
      ['AmazonSQS.DeleteMessage', { QueueUrl, ReceiptHandle: 'AQEB+/=' }],
      ['AmazonSQS.ChangeMessageVisibility', { QueueUrl, ReceiptHandle: 'AQEB+/=', VisibilityTimeout: 43_000 }],
      [
        'AmazonSQS.ReceiveMessage',
        {
          QueueUrl: queueUrl.replace('work', 'dead'),
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 0,
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames,
        },
      ],
    ]);
    for (const { method, path, headers } of server.requests) {
      expect([method, path, headers['content-type']]).toEqual(['POST', '/', 'application/x-amz-json-1.0']);
      expect(headers['authorization']).toMatch(/Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/sqs\/aws4_request/);
    }
  });

  test('a transient error is retried, a refusal is not', async () => {
    server.respondWith((response) => {
      const answer = server.requests.length === 1 ? json(503, { __type: 'ServiceUnavailable' }) : json(200, {});
      answer(response);
    });
    await queue.send(JOB);
    expect(server.requests).toHaveLength(2);
    server.respondWith(json(400, { __type: 'com.amazonaws.sqs#InvalidMessageContents' }));
    await expect(queue.send(JOB)).rejects.toThrow('InvalidMessageContents');
    expect(server.requests).toHaveLength(3);
  });

  test('retrying later ignores a stale receipt handle and no other error', async () => {
    server.respondWith(json(400, { __type: 'com.amazonaws.sqs#InvalidAddress' }));
    await expect(queue.retryLater(received, 1)).rejects.toThrow('InvalidAddress');
    server.respondWith(json(400, { __type: 'com.amazonaws.sqs#ReceiptHandleIsInvalid' }));
    await queue.retryLater(received, 1);
    await expect(queue.delete(received)).rejects.toThrow('ReceiptHandleIsInvalid');
  });

  test('a dead letter is deleted only after it has been sent again', async () => {
    const letter = { Body: JOB_TEXT, ReceiptHandle: 'h', Attributes: ATTRIBUTES };
    server.respondWith((response, { headers }) => {
      const isReceived = headers['x-amz-target'] === 'AmazonSQS.ReceiveMessage';
      const answer = isReceived ? json(200, { Messages: [letter] }) : json(400, { __type: 'InvalidMessageContents' });
      answer(response);
    });
    await expect(queue.redriveDeadLetters()).rejects.toThrow('SendMessage: InvalidMessageContents');
    expect(requests().map(([target]) => target)).toEqual(['AmazonSQS.ReceiveMessage', 'AmazonSQS.SendMessage']);
  });

  test('without a dead-letter URL, listing and redriving dead letters fail', async () => {
    const withoutDeadLetters = sqsQueue({ aws: AWS, queueUrl });
    await expect(withoutDeadLetters.listDeadLetters()).rejects.toThrow('set DEAD_LETTER_URL');
    await expect(withoutDeadLetters.redriveDeadLetters()).rejects.toThrow('set DEAD_LETTER_URL');
    expect(server.requests).toEqual([]);
  });
});

test('a record of a Lambda event is parsed as a received message', () => {
  const record = { messageId: 'm', body: JOB_TEXT, receiptHandle: 'AQEB+/=', attributes: ATTRIBUTES };
  expect(messageOfRecord(record)).toEqual({ message: JOB, receiveCount: 3, receiptHandle: 'AQEB+/=' });
});

test.each(UNPARSEABLE)('a record that cannot be parsed gives no message: %s', (body) => {
  expect(messageOfRecord({ body, receiptHandle: 'AQEB+/=', attributes: ATTRIBUTES })).toBeUndefined();
});
