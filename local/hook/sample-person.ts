/** How samples of code hosts write the person of the command line: as the id, the user name or the e-mail address. */

/** An id that no mapping should have, for a person who is given by another name. */
const OTHER_ID = 999_999_999;

/** @param person digits are an id, a text with @ is an e-mail address, and any other text is a user name */
export function namesOf(person: string): { id: number; username: string; email: string | null } {
  if (/^[1-9]\d{0,14}$/.test(person)) return { id: Number(person), username: `user-${person}`, email: null };
  if (person.includes('@')) return { id: OTHER_ID, username: 'sample-user', email: person };
  return { id: OTHER_ID, username: person, email: null };
}
