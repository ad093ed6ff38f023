import type { SampleOptions, SampleSender } from '../sample.ts';
import { idOf, signedMessage, topicOf } from './notification.ts';

/** A call that CloudTrail has recorded, as EventBridge gives it to a topic. */
export const sample: SampleSender = {
  signsWithPrivateKey: true,
  defaultEvent: 'iam.DeleteUser',
  request(options) {
    const { id, secret, nowMs } = options;
    const topic = topicOf(options);
    const [, , , region = ''] = topic.split(':');
    const fields = {
      Message: JSON.stringify(eventOf(options)),
      MessageId: idOf(id),
      Timestamp: new Date(nowMs).toISOString(),
      TopicArn: topic,
      Type: 'Notification',
    };
    const rest = {
      SignatureVersion: '2',
      SigningCertURL: `https://sns.${region}.amazonaws.com/SimpleNotificationService-${'0'.repeat(32)}.pem`,
    };
    return {
      method: 'POST',
      path: '',
      headers: { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'Notification' },
      ...signedMessage(fields, rest, { name: 'Signature', hash: 'sha256', secret }),
    };
  },
};

/** @throws Error */
function eventOf({ event, person }: SampleOptions): object {
  const [service = '', name = ''] = event.split('.');
  if (!['iam', 'sso-directory', 'identitystore'].includes(service)) {
    throw new Error('A sample of the kind sns can be an event of iam, sso-directory or identitystore.');
  }
  return {
    version: '0',
    'detail-type': 'AWS API Call via CloudTrail',
    source: service === 'iam' ? 'aws.iam' : 'aws.sso-directory',
    detail: {
      eventSource: `${service}.amazonaws.com`,
      eventName: name,
      userIdentity: { type: 'IAMUser', userName: 'administrator' },
      requestParameters: service === 'iam' ? { userName: person } : { userId: person },
    },
  };
}
