/** Conversion between items and DynamoDB's JSON form. Attributes that are undefined are left out. */
type Value = string | number | boolean | Uint8Array;

export interface ItemKey {
  pk: string;
  sk: string;
}

export type Attributes = Readonly<Record<string, Value | undefined>>;
export type Item = ItemKey & Attributes;

type MarshalledValue = { S: string } | { N: string } | { BOOL: boolean } | { B: string };
export type MarshalledItem = Record<string, MarshalledValue>;

export function marshal(attributes: Attributes | ItemKey): MarshalledItem {
  const present = Object.entries(attributes).filter(([, value]) => value !== undefined) as [string, Value][];
  return Object.fromEntries(present.map(([name, value]) => [name, marshalValue(value)]));
}

export function unmarshal(marshalled: MarshalledItem): Item {
  return Object.fromEntries(Object.entries(marshalled).map(([name, value]) => [name, unmarshalValue(value)])) as Item;
}

function marshalValue(value: Value): MarshalledValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  return typeof value === 'boolean' ? { BOOL: value } : { B: Buffer.from(value).toString('base64') };
}

function unmarshalValue(value: MarshalledValue): Value {
  if ('S' in value) return value.S;
  if ('N' in value) return Number(value.N);
  return 'BOOL' in value ? value.BOOL : new Uint8Array(Buffer.from(value.B, 'base64'));
}
