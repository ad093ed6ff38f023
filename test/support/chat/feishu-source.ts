/** A chat source of Feishu, and messages to show. */
import type { FeishuSettings } from '../../../lib/chat/platforms/feishu/settings.ts';
import type { ChatSource } from '../../../lib/chat/source.ts';
import type { Message, View } from '../../../lib/chat/view.ts';
import { APP } from './feishu-requests.ts';

export const GROUP = 'oc_group';
export const ANN = 'ou_ann';
export const BOB = 'ou_bob';

export function feishuSource(settings: Partial<FeishuSettings> = {}): ChatSource<FeishuSettings> {
  return {
    name: 'feishu',
    kind: 'feishu',
    secrets: [APP.encryptKey],
    projectIds: ['p1'],
    actions: ['list', 'revoke'],
    mayApprove: true,
    settings: {
      app_id: APP.appId,
      app_secret: APP.appSecret,
      verification_token: APP.verificationToken,
      tenants: [APP.tenant],
      ...settings,
    },
  };
}

export const viewOf = (changes: Partial<View> = {}): View => ({
  title: 'Grants of orders',
  tone: 'neutral',
  sentences: [],
  facts: [],
  rows: [],
  moreRows: 0,
  buttons: [],
  data: {},
  ...changes,
});

export const REQUEST_ID = '0123456789abcdef0123456789abcdef';

/** A view with the button of a stored request. */
export const previewOf = (changes: Partial<View> = {}): View =>
  viewOf({
    title: 'Revoke 1 grant?',
    tone: 'warning',
    buttons: [{ name: 'confirm', label: 'Revoke', style: 'danger', requestId: REQUEST_ID }],
    ...changes,
  });

export const messageOf = (view: View, changes: Partial<Message> = {}): Message => ({
  view,
  audience: 'asker',
  replacesCard: false,
  ...changes,
});
