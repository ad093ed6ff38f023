import type { SlackSettings } from '../../../lib/chat/platforms/slack/settings.ts';
import type { ChatSource } from '../../../lib/chat/source.ts';
import type { Message, View } from '../../../lib/chat/view.ts';

export const NOW_MS = 1_795_329_234_567;
export const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';

/** A source of the app and the workspace of the fake of Slack. */
export const sourceOf = (settings: Partial<SlackSettings> = {}): ChatSource<SlackSettings> => ({
  name: 'slack',
  kind: 'slack',
  secrets: [SECRET],
  projectIds: ['project'],
  actions: ['list'],
  mayApprove: false,
  settings: { apps: ['A0APP'], workspaces: ['T0TEAM'], ...settings },
});

export const view = (more: Partial<View> = {}): View => ({
  title: 'Three grants',
  tone: 'neutral',
  sentences: [],
  facts: [],
  rows: [],
  moreRows: 0,
  buttons: [],
  data: {},
  ...more,
});

export const message = (more: Partial<Message> = {}): Message => ({
  view: view(),
  audience: 'asker',
  replacesCard: false,
  ...more,
});
