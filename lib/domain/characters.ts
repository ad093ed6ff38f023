/** Sets of characters, to write between the square brackets of a pattern. */

/** ASCII that can be seen: without the space. */
export const VISIBLE_ASCII = '\\x21-\\x7e';
export const PRINTABLE_ASCII = ` ${VISIBLE_ASCII}`;

/** Control characters, and line and paragraph separators; for patterns with the flag `u`. */
export const CONTROL = '\\p{Cc}\\p{Zl}\\p{Zp}';
/** Also invisible and unassigned characters, and lone surrogates; for patterns with the flag `u`. */
export const UNPRINTABLE = '\\p{C}\\p{Zl}\\p{Zp}';
