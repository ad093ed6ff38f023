import type { SampleOptions, SampleSender } from '../sample.ts';
import { idOf, signedMessage, topicOf } from './notification.ts';

/** A trace of CTS in a message of SMN. The operator and the project are made up. */
export const sample: SampleSender = {
  signsWithPrivateKey: true,
  defaultEvent: 'IAM.deleteUser',
  request(options) {
    const { id, secret, nowMs } = options;
    const topic = topicOf(options);
    const [, , region = ''] = topic.split(':');
    const fields = {
      message: JSON.stringify(traceOf(options)),
      message_id: idOf(id),
      timestamp: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
      topic_urn: topic,
      type: 'Notification',
    };
    const certificate = `SMN_${region}_${'0'.repeat(32)}.pem`;
    const rest = {
      signature_version: 'v1',
      signing_cert_url: `https://smn.${region}.myhuaweicloud.com/smn/${certificate}`,
    };
    return {
      method: 'POST',
      path: '',
      headers: { 'content-type': 'application/json', 'x-smn-message-type': 'Notification' },
      ...signedMessage(fields, rest, { name: 'signature', hash: 'sha256', secret }),
    };
  },
};

function traceOf({ event, person, nowMs, id }: SampleOptions): object {
  const [service = '', name = ''] = event.split('.');
  return {
    time: nowMs,
    user: { id: 'ffffffffffffffffffffffffffffffff', name: 'administrator' },
    request: name.startsWith('updateUser') ? JSON.stringify({ user: { enabled: false } }) : '',
    service_type: service,
    resource_type: resourceTypeOf(service, name),
    resource_id: person,
    trace_name: name,
    trace_rating: 'normal',
    code: '200',
    trace_id: idOf(`trace of ${id}`),
  };
}

function resourceTypeOf(service: string, name: string): string {
  if (service === 'KMS') return 'cmk';
  if (service === 'Account') return 'account';
  return name.startsWith('deleteAgency') ? 'agency' : 'user';
}
