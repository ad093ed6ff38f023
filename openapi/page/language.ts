/** The languages of the documentation. A text without one of them is a type error. */
export const LANGUAGES = ['en', 'zh'] as const;

export type Language = (typeof LANGUAGES)[number];

/** A text in every language. In it, `code`, **bold** and [links](target) are Markdown. */
export type Text = Readonly<Record<Language, string>>;
