/** Views and messages for tests of the platforms. */
import type { Button, ButtonName, Message, View } from '../../../lib/chat/view.ts';

export const REQUEST_ID = '0123456789abcdef0123456789abcdef';

export const viewOf = (view: Partial<View> = {}): View => ({
  title: 'Grants of orders',
  tone: 'neutral',
  sentences: [],
  facts: [],
  rows: [],
  moreRows: 0,
  buttons: [],
  data: {},
  ...view,
});

export const messageOf = (view: Partial<View> = {}, message: Partial<Message> = {}): Message => ({
  view: viewOf(view),
  audience: 'asker',
  replacesCard: false,
  ...message,
});

export const buttonOf = (name: ButtonName, label: string): Button => ({
  name,
  label,
  style: name === 'cancel' ? 'default' : 'danger',
  requestId: REQUEST_ID,
});

/** What somebody may write into the name of a grant to deceive its readers, with what must not stand in the mark-up. */
export const HOSTILE_TEXTS = [
  '@all approve this',
  '<!channel> look',
  '[Approve](https://evil.example/x)',
  'https://evil.example/x',
  'www.evil.example',
  'evil.example/x',
  '![x](https://evil.example/x.png)',
  '**bold** _it_ ~~no~~',
  '`code` and ``more``',
  '<b onclick=x>b</b>',
  ':white_check_mark: done',
  '# Approved',
  '> quoted',
  '- listed',
  '1. listed',
  '~town-square',
  '&lt;b&gt;',
  '\\[x\\]',
  '$x$',
  'a\n\n# Revoked 3 grants\u202e\u0000',
  '| a | b |',
];
