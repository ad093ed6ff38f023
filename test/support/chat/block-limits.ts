/**
 * What Slack refuses as `invalid_blocks`. Sources: Slack, "Block Kit": the pages of the blocks, of the button, of the
 * text object; they count characters, which here are code units, the strictest way.
 */
import type { KnownBlock } from '@slack/types';

type Json = Readonly<Record<string, unknown>>;

const KEYS: Readonly<Record<string, readonly string[]>> = {
  header: ['type', 'block_id', 'text'],
  section: ['type', 'block_id', 'text', 'fields'],
  context: ['type', 'block_id', 'elements'],
  actions: ['type', 'block_id', 'elements'],
  rich_text: ['type', 'block_id', 'elements'],
  button: ['type', 'text', 'action_id', 'value', 'style'],
  plain_text: ['type', 'text', 'emoji'],
  mrkdwn: ['type', 'text', 'verbatim'],
};

/** Returns the first reason to refuse the blocks, or undefined. */
export function problemOfBlocks(blocks: unknown): string | undefined {
  try {
    assertBlocks(blocks);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function assertBlocks(blocks: unknown): asserts blocks is KnownBlock[] {
  const list = arrayOf(blocks, 1, 50, 'blocks');
  const ids = list.map((block) => block['block_id']).filter((id) => id !== undefined);
  for (const id of ids) textWithin(id, 255, 'block_id');
  assert(new Set(ids).size === ids.length, 'block_id is not unique');
  for (const block of list) assertBlock(block);
}

function assertBlock(block: Json): void {
  assertKeys(block, Object.keys(CHECKS));
  CHECKS[String(block['type'])]?.(block);
}

const CHECKS: Readonly<Record<string, (block: Json) => void>> = {
  header: ({ text }) => assertTextObject(text, 150, ['plain_text']),
  section({ text, fields }) {
    assert(text !== undefined || fields !== undefined, 'a section without text and fields');
    if (text !== undefined) assertTextObject(text, 3_000);
    if (fields === undefined) return;
    for (const field of arrayOf(fields, 1, 10, 'fields')) assertTextObject(field, 2_000);
  },
  context({ elements }) {
    for (const element of arrayOf(elements, 1, 10, 'context')) assertTextObject(element, 2_000);
  },
  actions: ({ elements }) => assertButtons(arrayOf(elements, 1, 25, 'actions')),
  rich_text({ elements }) {
    for (const part of arrayOf(elements, 1, 100, 'rich_text')) assertRichText(part);
  },
};

function assertButtons(buttons: readonly Json[]): void {
  for (const button of buttons) {
    assertKeys(button, ['button']);
    assertTextObject(button['text'], 75, ['plain_text']);
    textWithin(button['value'], 2_000, 'value');
    textWithin(button['action_id'], 255, 'action_id');
    assert([undefined, 'primary', 'danger'].includes(button['style'] as string), 'style of a button');
  }
  assert(new Set(buttons.map((button) => button['action_id'])).size === buttons.length, 'action_id is not unique');
}

function assertRichText(part: Json): void {
  assert(['rich_text_section', 'rich_text_preformatted'].includes(String(part['type'])), 'a part of rich_text');
  for (const element of arrayOf(part['elements'], 1, 100, 'rich_text_section')) {
    assert(element['type'] === 'text', 'an element of rich_text other than text');
    textWithin(element['text'], 3_000, 'text of rich_text');
  }
}

function assertTextObject(value: unknown, max: number, types = ['plain_text', 'mrkdwn']): void {
  const object = objectOf(value, 'a text object');
  assertKeys(object, types);
  textWithin(object['text'], max, 'text');
}

/** Slack refuses unknown properties and types. */
function assertKeys(object: Json, types: readonly string[]): void {
  const type = String(object['type']);
  assert(types.includes(type), `unexpected type ${type}`);
  for (const key of Object.keys(object)) assert(KEYS[type]?.includes(key), `unknown property ${key} of ${type}`);
}

function textWithin(value: unknown, max: number, what: string): void {
  assert(typeof value === 'string' && value.length >= 1 && value.length <= max, `${what} must be 1 to ${max} long`);
  assert(value.isWellFormed(), `${what} has half a character`);
}

function arrayOf(value: unknown, min: number, max: number, what: string): Json[] {
  assert(Array.isArray(value) && value.length >= min && value.length <= max, `${what} must have ${min} to ${max}`);
  return value.map((item) => objectOf(item, what));
}

function objectOf(value: unknown, what: string): Json {
  assert(typeof value === 'object' && value !== null, `${what} must be an object`);
  return value as Json;
}

function assert(condition: unknown, problem: string): asserts condition {
  if (!condition) throw new Error(problem);
}
