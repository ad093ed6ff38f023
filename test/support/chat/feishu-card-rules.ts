/**
 * What Feishu accepts as a card, JSON 2.0: a property that is not listed is an error. It has only the components that
 * this service uses. Source: Feishu Open Platform, "Card JSON 2.0 structure", "Plain text", "Divider", "Button".
 */

type Json = Readonly<Record<string, unknown>>;

const CARD_BYTES_MAX = 30 * 1024;
const ELEMENTS_MAX = 200;
const TEMPLATES = 'blue|wathet|turquoise|green|yellow|orange|red|carmine|violet|purple|indigo|grey|default'.split('|');
const BUTTON_TYPES = 'default|primary|danger|text|primary_text|danger_text|primary_filled|danger_filled|laser'.split(
  '|',
);

/** @returns what is wrong with the card; undefined for a card that Feishu shows */
export function cardProblem(card: unknown): string | undefined {
  try {
    // As in a request, where the card is a JSON string.
    const bytes = Buffer.byteLength(JSON.stringify(JSON.stringify(card)));
    if (bytes > CARD_BYTES_MAX) throw new Error(`the card has ${bytes} bytes`);
    const elements = countElements(card);
    if (elements > ELEMENTS_MAX) throw new Error(`the card has ${elements} elements`);
    assertCard(fields(card, 'card', ['schema', 'config', 'header', 'body']));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Everything with a tag counts. */
function countElements(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value).reduce((sum: number, part) => sum + countElements(part), 0);
  return inside + ('tag' in value ? 1 : 0);
}

function assertCard({ schema, config, header, body }: Json): void {
  assert(schema === '2.0', 'schema');
  const allowed = ['update_multi', 'enable_forward', 'enable_forward_interaction', 'summary', 'width_mode'];
  const { update_multi, enable_forward, enable_forward_interaction, summary } = fields(config, 'config', allowed);
  assert(update_multi === undefined || update_multi === true, 'config.update_multi');
  assert(enable_forward === undefined || typeof enable_forward === 'boolean', 'config.enable_forward');
  assert(enable_forward_interaction === undefined || typeof enable_forward_interaction === 'boolean', 'config');
  assert(typeof fields(summary, 'summary', ['content'])['content'] === 'string', 'config.summary.content');
  const { title, template } = fields(header, 'header', ['title', 'template', 'subtitle', 'padding']);
  assertText(title, 'header.title');
  assert(TEMPLATES.includes(String(template)), 'header.template');
  const { elements } = fields(body, 'body', ['elements', 'direction', 'padding', 'vertical_spacing']);
  assert(Array.isArray(elements), 'body.elements');
  (elements as unknown[]).forEach((element, index) => {
    assertElement(element, `body.elements.${index}`);
  });
}

function assertElement(element: unknown, at: string): void {
  const { tag } = element as { tag?: unknown };
  if (tag === 'hr') {
    fields(element, at, ['tag', 'margin', 'element_id']);
  } else if (tag === 'div') {
    assertText(fields(element, at, ['tag', 'text', 'margin', 'element_id', 'width'])['text'], `${at}.text`);
  } else if (tag === 'button') {
    const allowed = [
      'tag',
      'type',
      'size',
      'width',
      'text',
      'behaviors',
      'margin',
      'element_id',
      'disabled',
      'confirm',
    ];
    const { type, text, behaviors } = fields(element, at, allowed);
    assert(BUTTON_TYPES.includes(String(type)), `${at}.type`);
    assert([...assertText(text, `${at}.text`)].length <= 100, `${at}.text is longer than 100 characters`);
    assert(Array.isArray(behaviors) && behaviors.length > 0, `${at}.behaviors`);
    for (const behavior of behaviors as unknown[]) {
      const { type: kind, value } = fields(behavior, `${at}.behaviors`, ['type', 'value']);
      assert(kind === 'callback' && typeof value === 'object' && value !== null, `${at}.behaviors.type`);
    }
  } else {
    throw new Error(`${at}: unknown tag`);
  }
}

function assertText(text: unknown, at: string): string {
  const { tag, content } = fields(text, at, ['tag', 'content', 'text_size', 'text_color', 'text_align', 'lines']);
  assert(tag === 'plain_text' || tag === 'lark_md', `${at}.tag`);
  if (typeof content !== 'string' || content === '') throw new Error(`${at}.content is empty`);
  return content;
}

function fields(value: unknown, at: string, allowed: readonly string[]): Json {
  assert(typeof value === 'object' && value !== null && !Array.isArray(value), at);
  const unknown = Object.keys(value as Json).filter((name) => !allowed.includes(name));
  assert(unknown.length === 0, `${at}: unknown property ${unknown.join(', ')}`);
  return value as Json;
}

function assert(isTrue: boolean, problem: string): void {
  if (!isTrue) throw new Error(problem);
}
