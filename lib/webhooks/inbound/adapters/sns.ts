/**
 * Simple Notification Service of AWS, with events of EventBridge.
 * Source: AWS, SNS Developer Guide, "Parsing Amazon SNS message formats" and "Verifying the signatures of Amazon SNS
 * messages".
 */
import { SNS, type VerificationKey } from '../../../signing/notification-message.ts';
import { parseVerificationKey } from '../../../signing/verification-key.ts';
import type { Adapter } from '../adapter.ts';
import { AWS_EVENTS, awsTasks } from '../aws-events.ts';
import { notificationAdapter, type TopicSettings } from '../notification-adapter.ts';
import { type FetchText, snsCertificates } from '../sns-certificates.ts';

/** @param fetchText replaces the request for a certificate */
export function snsAdapter(fetchText?: FetchText): Adapter<TopicSettings> {
  const certificateAt = snsCertificates(fetchText);
  return notificationAdapter({
    form: SNS,
    topicForm: 'arn:aws:sns:<region>:<account>:<topic>',
    events: AWS_EVENTS,
    async keysFor({ certificateUrl }, { secrets }, nowMs): Promise<VerificationKey[]> {
      if (secrets.length > 0) return secrets.flatMap((pem) => parseVerificationKey(pem) ?? []);
      return [await certificateAt(certificateUrl, nowMs)];
    },
    confirmRule: ({ topic, region, token }) => ({
      isHost: (host) => [`sns.${region}.amazonaws.com`, `sns.${region}.amazonaws.com.cn`].includes(host),
      path: '/',
      query: { Action: 'ConfirmSubscription', TopicArn: topic, Token: token },
    }),
    tasksOf: awsTasks,
  });
}

export const sns = snsAdapter();
