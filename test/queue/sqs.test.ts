/** The queue over SQS, against an emulator in this process and, for what goes over the wire, a server that keeps it. */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import type { AwsSettings } from '../../lib/clients/aws.ts';
import type { Message, Queue } from '../../lib/queue/queue.ts';
import { messageOfRecord, type SqsSettings, sqsQueue } from '../../lib/queue/sqs.ts';
import { queueContract } from '../contract/queue.ts';
import { type AwsServer, json, startAwsServer } from '../support/aws/fake-server.ts';

const AWS: AwsSettings = { region: 'eu-central-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
const JOB: Message = { kind: 'job', jobId: '0123456789abcdef0123456789abcdef' };
const JOB_TEXT = '{"kind":"job","jobId":"0123456789abcdef0123456789abcdef"}';
const ATTRIBUTES = { ApproximateReceiveCount: '3' };
/** What may arrive in a queue and is no work. */
const NO_WORK = [
  'no JSON',
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

  /** A queue of its own, with dead letters. */
  function create(maxReceiveCount = 12) {
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

  queueContract(async () => ({ queue: create().queue, close: async () => undefined }));

  const waiting = (name: string) => server.inspectQueue(name)?.messages;

  test('a message that is no work is given to nobody, stops nothing and becomes a dead letter', async () => {
    const { name, deadName, settings, queue, region } = create(2);
    for (const text of NO_WORK) server.sendMessage(name, text, { region });
    await queue.send(JOB);
    for (const round of [1, 2]) {
      const taken = [...(await queue.receive(10)), ...(await queue.receive(10))];
      expect(taken).toMatchObject([{ message: JOB, receiveCount: round }]);
      await makeVisible(settings, name);
    }
    expect(await queue.receive(10)).toEqual([]);
    expect(waiting(name)).toMatchObject({ ready: [], inflight: [] });
    expect(waiting(deadName)?.ready.map(({ body }) => body)).toEqual(expect.arrayContaining([...NO_WORK, JOB_TEXT]));
    expect(await queue.listDeadLetters()).toEqual([JOB]);
    expect(await queue.redriveDeadLetters()).toBe(1);
    expect(await queue.receive(10)).toMatchObject([{ message: JOB, receiveCount: 1 }]);
    expect(await queue.receive(10)).toEqual([]);
  });

  /** Ends the hiding of everything, as time would. */
  async function makeVisible({ queueUrl }: SqsSettings, name: string): Promise<void> {
    const client = clientOf();
    for (const { receiptHandle } of waiting(name)?.inflight ?? []) {
      const input = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: 0 };
      await client.send(new ChangeMessageVisibilityCommand(input));
    }
    client.destroy();
  }

  const clientOf = () =>
    new SQSClient({ region: AWS.region, endpoint: server.address, credentials: { ...AWS, sessionToken: '' } });

  test("what is sent is read by AWS's own client, and what that sends is taken", async () => {
    const { queue, settings } = create();
    const QueueUrl = settings.queueUrl;
    const client = clientOf();
    await queue.send(JOB);
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages.map(({ Body }) => Body)).toEqual([JOB_TEXT]);
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }));
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"kind":"outbox"}' }));
    expect(await queue.receive(10)).toMatchObject([{ message: { kind: 'outbox' }, receiveCount: 1 }]);
    client.destroy();
  });

  test('giving back what is no longer hidden, or is done, is no error', async () => {
    const { queue } = create();
    await queue.send(JOB);
    const [taken] = await queue.receive(1);
    if (!taken) throw new Error('one was sent');
    await queue.retryLater(taken, 0);
    await queue.retryLater(taken, 60);
    const [second] = await queue.receive(1);
    if (!second) throw new Error('it was given back');
    await queue.delete(second);
    await queue.retryLater(second, 0);
    expect(await queue.receive(1)).toEqual([]);
  });

  test('a queue that is not there is told by its name at SQS', async () => {
    const queue = sqsQueue({ ...create().settings, queueUrl: `${server.address}/000000000000/none` });
    await expect(queue.send(JOB)).rejects.toThrow('SendMessage: QueueDoesNotExist');
    await expect(queue.receive(1)).rejects.toThrow('ReceiveMessage: QueueDoesNotExist');
  });
});

describe('over the wire', () => {
  let server: AwsServer;
  let queue: Queue;
  let queueUrl: string;
  beforeEach(async () => {
    server = await startAwsServer();
    queueUrl = `${server.endpoint}/123456789012/work`;
    queue = sqsQueue({ aws: AWS, queueUrl, deadLetterUrl: `${server.endpoint}/123456789012/dead` });
  });
  afterEach(() => server.stop());

  const taken = { message: JOB, receiveCount: 1, receiptHandle: 'AQEB+/=' };
  const requests = () =>
    server.arrived.map(({ headers, body }) => [headers['x-amz-target'], JSON.parse(body) as Record<string, unknown>]);

  test("each call is SQS's own, signed for it, at the address of the queue", async () => {
    await queue.send(JOB, 1.5);
    await queue.receive(3);
    await queue.delete(taken);
    await queue.retryLater(taken, 43_000);
    await queue.listDeadLetters();
    const QueueUrl = queueUrl;
    const MessageSystemAttributeNames = ['ApproximateReceiveCount'];
    expect(requests()).toEqual([
      ['AmazonSQS.SendMessage', { QueueUrl, MessageBody: JOB_TEXT, DelaySeconds: 2 }],
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
    for (const { method, path, headers } of server.arrived) {
      expect([method, path, headers['content-type']]).toEqual(['POST', '/', 'application/x-amz-json-1.0']);
      expect(headers['authorization']).toMatch(/Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/sqs\/aws4_request/);
    }
  });

  test('what fails in passing is tried again, what is refused is not', async () => {
    server.answer((response) => {
      const answer = server.arrived.length === 1 ? json(503, { __type: 'ServiceUnavailable' }) : json(200, {});
      answer(response);
    });
    await queue.send(JOB);
    expect(server.arrived).toHaveLength(2);
    server.answer(json(400, { __type: 'com.amazonaws.sqs#InvalidMessageContents' }));
    await expect(queue.send(JOB)).rejects.toThrow('InvalidMessageContents');
    expect(server.arrived).toHaveLength(3);
  });

  test('a refusal of giving back that tells of no late handle is an error', async () => {
    server.answer(json(400, { __type: 'com.amazonaws.sqs#InvalidAddress' }));
    await expect(queue.retryLater(taken, 1)).rejects.toThrow('InvalidAddress');
    server.answer(json(400, { __type: 'com.amazonaws.sqs#ReceiptHandleIsInvalid' }));
    await queue.retryLater(taken, 1);
    await expect(queue.delete(taken)).rejects.toThrow('ReceiptHandleIsInvalid');
  });

  test('a dead letter is removed only once it was sent again', async () => {
    const letter = { Body: JOB_TEXT, ReceiptHandle: 'h', Attributes: ATTRIBUTES };
    server.answer((response, { headers }) => {
      const isReceived = headers['x-amz-target'] === 'AmazonSQS.ReceiveMessage';
      const answer = isReceived ? json(200, { Messages: [letter] }) : json(400, { __type: 'InvalidMessageContents' });
      answer(response);
    });
    await expect(queue.redriveDeadLetters()).rejects.toThrow('SendMessage: InvalidMessageContents');
    expect(requests().map(([target]) => target)).toEqual(['AmazonSQS.ReceiveMessage', 'AmazonSQS.SendMessage']);
  });

  test('dead letters are not said to be none where their address is not known', async () => {
    const senderOnly = sqsQueue({ aws: AWS, queueUrl });
    await expect(senderOnly.listDeadLetters()).rejects.toThrow('without the address of its dead letters');
    await expect(senderOnly.redriveDeadLetters()).rejects.toThrow('without the address of its dead letters');
    expect(server.arrived).toEqual([]);
  });
});

test('a record that Lambda is called with is read as what was taken', () => {
  const record = { messageId: 'm', body: JOB_TEXT, receiptHandle: 'AQEB+/=', attributes: ATTRIBUTES };
  expect(messageOfRecord(record)).toEqual({ message: JOB, receiveCount: 3, receiptHandle: 'AQEB+/=' });
});

test.each(NO_WORK)('a record that is no work is none: %s', (body) => {
  expect(messageOfRecord({ body, receiptHandle: 'AQEB+/=', attributes: ATTRIBUTES })).toBeUndefined();
});
