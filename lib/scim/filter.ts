/**
 * The filters of SCIM that provisioning uses: comparisons by `eq`, joined by `and`, and `emails[type eq "work"]`.
 * Source: RFC 7644, section 3.4.2.2. A filter is read once from start to end, without regular expressions over it.
 */
import { foldIdentity } from '../domain/external-identity.ts';
import type { ResourceType } from '../domain/provisioned.ts';
import { ScimError } from '../http/scim-error.ts';
import { isJsonObject } from '../validation/json-body.ts';
import { type AttributeName, parseAttributeName } from './attribute-path.ts';
import { type Attribute, isNamed } from './schema.ts';

const FILTER_CHARACTERS_MAX = 1_024;
const COMPARISONS_MAX = 10;

type Literal = string | boolean | number | null;

export interface Comparison {
  sub: Attribute | undefined;
  value: Literal;
}

/** One part of a filter: all of `within` hold for one value of the attribute. */
export interface Condition {
  name: 'id' | AttributeName;
  within: readonly Comparison[];
}

export interface Filter {
  conditions: readonly Condition[];
}

const invalid = (detail: string) => new ScimError('invalidFilter', detail);
const FORM = 'Use attribute eq "value", joined by and, or attribute[sub eq "value"].';

/** @throws ScimError invalidFilter */
export function parseFilter(type: ResourceType, text: string): Filter {
  if (text.length > FILTER_CHARACTERS_MAX)
    throw invalid(`filter must have at most ${FILTER_CHARACTERS_MAX} characters.`);
  const tokens = tokensOf(text);
  const conditions = [readCondition(type, tokens)];
  while (tokens.length > 0) {
    readWord(tokens, 'and');
    conditions.push(readCondition(type, tokens));
  }
  const comparisons = conditions.reduce((sum, { within }) => sum + within.length, 0);
  if (comparisons > COMPARISONS_MAX) throw invalid(`filter must have at most ${COMPARISONS_MAX} comparisons.`);
  return { conditions };
}

/**
 * Parses what stands in the square brackets of a path.
 * @throws ScimError invalidFilter
 */
export function parseValueFilter(attribute: Attribute, text: string): readonly Comparison[] {
  if (text.length > FILTER_CHARACTERS_MAX)
    throw invalid(`filter must have at most ${FILTER_CHARACTERS_MAX} characters.`);
  const tokens = tokensOf(text);
  const within = readComparisons(attribute, tokens);
  if (tokens.length > 0 || within.length > COMPARISONS_MAX) throw invalid(FORM);
  return within;
}

type Token = { word: string } | { literal: string } | { bracket: '[' | ']' };

/** Returns the words, quoted strings and brackets of a filter. @throws ScimError invalidFilter */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < text.length; ) {
    const character = text[index] ?? '';
    if (character === ' ') index += 1;
    else if (character === '[' || character === ']') {
      tokens.push({ bracket: character });
      index += 1;
    } else {
      const end = character === '"' ? endOfString(text, index) : endOfWord(text, index);
      tokens.push({ [character === '"' ? 'literal' : 'word']: text.slice(index, end) } as Token);
      index = end;
    }
  }
  return tokens;
}

function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') return index + 1;
  }
  throw invalid('filter has a string without an end.');
}

function endOfWord(text: string, start: number): number {
  let end = start;
  while (end < text.length && !' []"'.includes(text[end] ?? '')) end += 1;
  return end;
}

function readCondition(type: ResourceType, tokens: Token[]): Condition {
  const word = readWord(tokens);
  if (word.toLowerCase() === 'id') return { name: 'id', within: [readComparison(undefined, tokens)] };
  const name = parseAttributeName(type, word);
  const { attribute } = name ?? {};
  if (!name || !attribute) throw invalid(`filter names an attribute that users and groups do not have. ${FORM}`);
  if (!isBracket(tokens[0], '[')) return { name, within: [readComparison(name.sub, tokens)] };
  tokens.shift();
  const within = readComparisons(attribute, tokens);
  if (!isBracket(tokens.shift(), ']')) throw invalid(FORM);
  const [next] = tokens;
  if (!next || !('word' in next) || !next.word.startsWith('.')) return { name, within };
  // The comparison after the brackets is about the same value: emails[type eq "work"].value eq "ann@example.com".
  const sub = attribute.subAttributes?.find(isNamed(readWord(tokens).slice(1)));
  if (!sub) throw invalid(FORM);
  return { name, within: [...within, readComparison(sub, tokens)] };
}

/** Reads comparisons of parts of the attribute, up to a bracket or the end. */
function readComparisons({ subAttributes = [] }: Attribute, tokens: Token[]): Comparison[] {
  const comparisons: Comparison[] = [];
  do {
    if (comparisons.length > 0) readWord(tokens, 'and');
    const sub = subAttributes.find(isNamed(readWord(tokens)));
    if (!sub) throw invalid(FORM);
    comparisons.push(readComparison(sub, tokens));
  } while (tokens.length > 0 && !isBracket(tokens[0], ']'));
  return comparisons;
}

function readComparison(sub: Attribute | undefined, tokens: Token[]): Comparison {
  readWord(tokens, 'eq');
  return { sub, value: literalOf(tokens.shift()) };
}

function literalOf(token: Token | undefined): Literal {
  const text = token && ('literal' in token ? token.literal : 'word' in token ? token.word.toLowerCase() : '');
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (value === null || ['string', 'boolean', 'number'].includes(typeof value)) return value as Literal;
  } catch {
    // The error below says what is expected.
  }
  throw invalid(`filter needs a value in double quotes after eq. ${FORM}`);
}

/** Takes the next word. @param expected in lower case */
function readWord(tokens: Token[], expected?: string): string {
  const token = tokens.shift();
  if (!token || !('word' in token)) throw invalid(FORM);
  if (expected !== undefined && token.word.toLowerCase() !== expected) throw invalid(FORM);
  return token.word;
}

const isBracket = (token: Token | undefined, bracket: '[' | ']') =>
  token !== undefined && 'bracket' in token && token.bracket === bracket;

/** Returns the value that the filter requires of an attribute which is unique, and by which it can be looked up. */
export function requiredValue({ conditions }: Filter, attributeName: string): string | undefined {
  for (const { name, within } of conditions) {
    const found = name === 'id' ? 'id' : name.extension === undefined && !name.sub ? name.attribute?.name : undefined;
    const [comparison] = within;
    if (found === attributeName && !comparison?.sub && typeof comparison?.value === 'string') return comparison.value;
  }
  return undefined;
}

/** Whether the resource, in the form in which clients get it, meets the filter. */
export function matchesFilter(resource: Record<string, unknown>, { conditions }: Filter): boolean {
  return conditions.every(({ name, within }) => {
    if (name === 'id') return within.every(({ value }) => value === resource['id']);
    const { extension, attribute } = name;
    if (!attribute) return false;
    const holder = extension === undefined ? resource : resource[extension];
    const value = isJsonObject(holder) ? holder[attribute.name] : undefined;
    const values = Array.isArray(value) ? value : [value];
    return values.some((one) => matchesAll(one, attribute, within));
  });
}

/** Whether one value of an attribute meets all comparisons. */
export function matchesAll(value: unknown, attribute: Attribute, within: readonly Comparison[]): boolean {
  return within.every(({ sub, value: expected }) => {
    // `emails eq "x"` means the part `value`. Source: RFC 7643, section 2.4.
    const part = sub ?? (isJsonObject(value) ? attribute.subAttributes?.find(isNamed('value')) : undefined);
    const actual = part && isJsonObject(value) ? value[part.name] : value;
    return isEqual(actual, expected, (part ?? attribute).caseExact);
  });
}

function isEqual(actual: unknown, expected: Literal, isCaseExact: boolean): boolean {
  // An attribute without a value equals null. Source: RFC 7643, section 2.5.
  if (actual === undefined) return expected === null;
  if (typeof actual === 'boolean') return String(actual) === String(expected).toLowerCase();
  if (typeof actual !== 'string' || typeof expected !== 'string') return false;
  return isCaseExact ? actual === expected : foldIdentity(actual) === foldIdentity(expected);
}
