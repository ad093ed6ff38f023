/** Where something was said, and how to answer there. It is stored with a request, so it is plain JSON. */
export interface Place {
  /** Empty where the platform names none. */
  channelId: string;
  /** Whether only the sender and the bot are there. */
  isDirect: boolean;
  /** The id of the message whose card was pressed or posted. Absent where the platform does not tell it. */
  messageId?: string | undefined;
  /** Lets its holder post as the app until `replyUrlExpiresAtMs`: a secret, which is stored no longer than that. */
  replyUrl?: string | undefined;
  replyUrlExpiresAtMs?: number | undefined;
  /** What else the platform needs to answer, for example the sender's id for a direct message. */
  extra?: Readonly<Record<string, string>> | undefined;
}
