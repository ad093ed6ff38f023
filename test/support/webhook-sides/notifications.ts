/** Kinds of sources that get messages of a topic, signed by openssl. */
import { newSigner, SMN_TOPIC, SNS_TOPIC, smnNotification, snsNotification } from '../notifications.ts';
import type { RequestOptions } from '../service.ts';
import type { Delivery, WebhookSide } from './side.ts';

const signer = newSigner();
const otherSigner = newSigner();
const HOUR_MS = 3_600_000;

/** @param idName the field of the delivery's id @param textName that of the text @param foreign a topic of others */
function sideOf(
  notification: typeof smnNotification,
  { idName, textName, foreign }: { idName: string; textName: string; foreign: Readonly<Record<string, string>> },
): Pick<WebhookSide, 'sign' | 'forge' | 'isSentOnce'> {
  type Options = Partial<Parameters<typeof smnNotification>[1]>;
  const signed = ({ body, id, atMs }: Delivery, { fields, ...options }: Options = {}): RequestOptions => ({
    headers: { 'content-type': 'text/plain; charset=UTF-8' },
    body: notification(body, { signer, atMs, fields: { [idName]: id, ...fields }, ...options }),
  });
  return {
    isSentOnce: true,
    sign: (delivery) => signed(delivery),
    forge: (delivery) => [
      ['another text', signed(delivery, { forged: { [textName]: `${delivery.body} ` } })],
      ['another id', signed(delivery, { forged: { [idName]: 'other' } })],
      ['another signer', signed(delivery, { signer: otherSigner })],
      ['a topic of somebody else', signed(delivery, { fields: foreign })],
      ['an old time', signed({ ...delivery, atMs: delivery.atMs - 25 * HOUR_MS })],
      ['a time to come', signed({ ...delivery, atMs: delivery.atMs + 25 * HOUR_MS })],
      ['no message around it', { headers: {}, body: delivery.body }],
    ],
  };
}

const trace = (id: string, fields: object = {}) => ({
  service_type: 'IAM',
  trace_name: 'deleteUser',
  resource_type: 'user',
  resource_id: id,
  user: { id: 'f0000000000000000000000000000000' },
  trace_rating: 'normal',
  code: '204',
  ...fields,
});

export const smn: WebhookSide = {
  kind: 'smn',
  entry: { secrets: [signer.publicKey], topics: [SMN_TOPIC] },
  ...sideOf(smnNotification, {
    idName: 'message_id',
    textName: 'message',
    foreign: { topic_urn: 'urn:smn:eu-de:ffffffffffffffffffffffffffffffff:key-events' },
  }),
  departureOf: (person) => JSON.stringify(trace(person)),
  batchOf: (people) => JSON.stringify(people.map((person) => trace(person))),
  oddBatchOf: (people) => JSON.stringify([trace('no id'), ...people.map((person) => trace(person))]),
  unknownEvent: JSON.stringify(trace('x', { trace_name: 'createUser' })),
  malformed: ['', 'null', '[]', '{}', '7', 'a text for people', JSON.stringify(trace('ann@example.com'))],
  namesPrincipal: true,
};

const call = (eventName: string, requestParameters: object) =>
  JSON.stringify({
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.iam',
    detail: { eventSource: 'iam.amazonaws.com', eventName, requestParameters },
  });

export const sns: WebhookSide = {
  kind: 'sns',
  entry: { secrets: [signer.certificate], topics: [SNS_TOPIC] },
  ...sideOf(snsNotification, {
    idName: 'MessageId',
    textName: 'Message',
    foreign: { TopicArn: 'arn:aws:sns:us-east-1:999999999999:key-events' },
  }),
  departureOf: (person) => call('DeleteUser', { userName: person }),
  unknownEvent: call('CreateUser', { userName: 'ann' }),
  malformed: ['', 'null', '[]', '{}', '7', 'a text for people', call('DeleteUser', {})],
};
