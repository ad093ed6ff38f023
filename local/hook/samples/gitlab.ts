/** Samples of the kind `gitlab`: the fields of GitLab's payloads that this service reads, and some beside them. */
import { signWebhook } from '../../../lib/signing/standard-webhooks.ts';
import { forEvent, type SampleSender } from '../sample.ts';
import { namesOf } from '../sample-person.ts';

type Names = ReturnType<typeof namesOf>;

const aboutUser = ({ id, username, email }: Names) => ({ user_id: id, username, email, name: 'Sample User' });
const aboutMember = ({ id, username, email }: Names) => ({
  user_id: id,
  user_username: username,
  user_email: email,
  user_name: 'Sample User',
});

/** By event: the fields about the user. */
const PAYLOADS: Readonly<Record<string, (names: Names, groupId: number) => object>> = {
  user_destroy: aboutUser,
  user_remove_from_group: (names, groupId) => ({ ...aboutMember(names), group_id: groupId, group_path: 'acme' }),
  user_remove_from_team: (names) => ({ ...aboutMember(names), project_id: 1, project_path: 'shop' }),
  user_failed_login: (names) => ({ ...aboutUser(names), state: 'blocked' }),
};

export const sample: SampleSender = {
  signsWithPrivateKey: false,
  defaultEvent: 'user_destroy',
  request({ secret, person, event, id, source, nowMs }) {
    const payloadOf = forEvent(PAYLOADS, event);
    const { groups: [groupId = 1] = [] } = source.settings as { groups?: number[] };
    const body = JSON.stringify({ event_name: event, ...payloadOf(namesOf(person), groupId) });
    const timestampSeconds = Math.floor(nowMs / 1000);
    const proof = secret.startsWith('whsec_')
      ? signWebhook({ id, timestampSeconds, body }, [secret])
      : { 'x-gitlab-token': secret, 'idempotency-key': id };
    return { method: 'POST', path: '', headers: { 'content-type': 'application/json', ...proof }, body };
  },
};
