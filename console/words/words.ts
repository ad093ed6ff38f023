/**
 * All texts of the console in English and Chinese; each part of the console has its own file beside this one. A text
 * that one language lacks is a type error.
 */
export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

type Text = string | ((...values: never[]) => string);
type Area = Readonly<Record<string, Text>>;
type Translation<Words extends Area> = {
  readonly [Name in keyof Words]: Words[Name] extends (...values: infer Values) => string
    ? (...values: Values) => string
    : string;
};
export type Words<Source extends Area = Area> = Record<Language, Translation<Source>>;

/** Returns the texts of an area. A text with values is a function of them. */
export function area<Source extends Area>(en: Source, zh: Translation<NoInfer<Source>>): Words<Source> {
  return { en: en as unknown as Translation<Source>, zh };
}

/** Returns the first of the languages that the console has, or English. */
export function languageOf(preferred: readonly string[]): Language {
  const known = preferred.map((tag) => tag.toLowerCase().split('-')[0]);
  return LANGUAGES.find((language) => language === known.find((tag) => tag === 'en' || tag === 'zh')) ?? 'en';
}

/** The value of the `lang` attribute. */
export const LANGUAGE_TAG: Record<Language, string> = { en: 'en', zh: 'zh-CN' };

/** Returns an English count with its noun: "1 grant", "1,240 grants". @param count as `Format` writes it */
export const counted = (count: string, noun: string): string => `${count} ${count === '1' ? noun : `${noun}s`}`;
