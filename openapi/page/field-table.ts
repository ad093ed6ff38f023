import type { Field } from './document.ts';
import { textOf } from './document.ts';
import { type Html, html } from './html.ts';
import type { Text } from './language.ts';
import { REPLY_FIELD_TEXTS } from './reply-field-texts.ts';
import type { Page } from './site.ts';
import { LIMITS, WORDS } from './words.ts';

/** A table of fields of a request, or of a reply, where it says nothing about required ones. */
export function fieldTable(page: Page, fields: readonly Field[], caption: Text, kind: 'request' | 'reply'): Html {
  if (fields.length === 0) return html``;
  return html`<table class="fields">
<caption>${page.say(caption)}</caption>
<thead><tr><th scope="col">${page.say(WORDS.field)}</th><th scope="col">${page.say(WORDS.meaning)}</th></tr></thead>
<tbody>
${fields.map((field) => row(page, field, kind))}</tbody>
</table>
`;
}

function row(page: Page, field: Field, kind: 'request' | 'reply'): Html {
  const { name, isRequired } = field;
  const need = isRequired
    ? html`<strong class="need">${page.say(WORDS.required)}</strong>`
    : html`<span class="need">${page.say(WORDS.optional)}</span>`;
  return html`<tr><th scope="row"><code>${breakable(name)}</code><br><span class="type">${typeOf(page, field)}</span>${kind === 'request' && html` ${need}`}</th><td>${page.inline(descriptionOf(field))}${limits(page, field)}</td></tr>
`;
}

/** A long name may break at its separators. */
function breakable(name: string): Html[] {
  return name.split(/(?<=[_.\]-])/).map((part, index) => (index === 0 ? html`${part}` : html`<wbr>${part}`));
}

export function descriptionOf({ name, schema }: Field): Text {
  const written = textOf(schema, 'description');
  if (written.en !== '') return written;
  return REPLY_FIELD_TEXTS[lastPart(name)] ?? { en: '', zh: '' };
}

export const lastPart = (name: string): string => name.replace(/\[\]$/, '').replace(/^.*\./, '');

const TYPES: Readonly<Record<string, Text>> = {
  string: { en: 'string', zh: '字符串' },
  integer: { en: 'integer', zh: '整数' },
  number: { en: 'number', zh: '数字' },
  boolean: { en: 'boolean', zh: '布尔值' },
  array: { en: 'array', zh: '数组' },
  object: { en: 'object', zh: '对象' },
  null: { en: 'null', zh: 'null' },
};
const ANY: Text = { en: 'any value', zh: '任意值' };

function typeOf(page: Page, { types }: Field): string {
  const shown = types.filter((type) => type !== 'null');
  if (shown.length === 0) return page.say(ANY);
  return shown.map((type) => page.say(TYPES[type] ?? { en: type, zh: type })).join(' | ');
}

function limits(page: Page, { schema, types }: Field): Html {
  const items = schema['items'] as Readonly<Record<string, unknown>> | undefined;
  const values = [schema['enum'] ?? items?.['enum'] ?? []].flat().filter((value) => value !== null);
  const isText = values.every((value) => typeof value === 'string');
  const texts = [range(schema, types), ...lengths(schema)].filter((text) => text !== undefined);
  return html`${texts.map((text) => html` <span class="limit">${page.say(text)}</span>`)}${
    values.length > 0 &&
    html` <span class="limit">${page.say(LIMITS.oneOf)} ${values.map((value) => html`<code>${typeof value === 'string' && isText ? value : JSON.stringify(value)}</code> `)}</span>`
  }`;
}

type Schema = Readonly<Record<string, unknown>>;

function range(schema: Schema, types: readonly string[]): Text | undefined {
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number };
  if (!types.includes('integer') && !types.includes('number')) return undefined;
  if (minimum !== undefined && maximum !== undefined) return LIMITS.between(minimum, maximum);
  if (minimum !== undefined && minimum > 0) return LIMITS.atLeast(minimum);
  return maximum === undefined ? undefined : LIMITS.atMost(maximum);
}

function lengths(schema: Schema): Text[] {
  const { minLength = 0, maxLength, minItems = 0, maxItems } = schema as Readonly<Record<string, number | undefined>>;
  return [
    ...(maxLength === undefined ? [] : [LIMITS.characters(minLength, maxLength)]),
    ...(maxItems === undefined ? [] : [LIMITS.entries(minItems, maxItems)]),
  ];
}
