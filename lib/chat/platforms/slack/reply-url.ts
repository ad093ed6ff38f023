/**
 * `response_url`: whoever knows one posts as the app for 30 minutes. It is a secret, and the only address in a request
 * that this service calls. Source: Slack, "Handling user interaction", "Message responses".
 */
import type { Place } from '../../platform.ts';

export const REPLY_URL_LIFETIME_MS = 30 * 60 * 1000;
const POSTS_MAX = 5;
const LENGTH_MAX = 1_000;

/** The only hosts, and where their Web API is. Source: Slack, "GovSlack". */
const API_ORIGINS: Readonly<Record<string, string>> = {
  'hooks.slack.com': 'https://slack.com',
  'hooks.slack-gov.com': 'https://slack-gov.com',
};

const hostOf = (url: string) => Object.keys(API_ORIGINS).find((host) => url.startsWith(`https://${host}/`));

/**
 * Whether the text is a URL of exactly those hosts. One with a port, user info, backslashes or anything else that a
 * parser would change is none.
 */
export function isReplyUrl(text: string): boolean {
  if (!hostOf(text) || text.length > LENGTH_MAX || !URL.canParse(text)) return false;
  return new URL(text).href === text;
}

/** Returns the origin of the Web API that belongs to the `response_url`. */
export function apiOriginOf(replyUrl: string): string {
  return API_ORIGINS[hostOf(replyUrl) ?? ''] ?? DEFAULT_API_ORIGIN;
}

const DEFAULT_API_ORIGIN = 'https://slack.com';

/** Returns a stored origin if it is one of Slack's, and the usual one otherwise. */
export function knownApiOrigin(origin: string | undefined): string {
  return Object.values(API_ORIGINS).find((known) => known === origin) ?? DEFAULT_API_ORIGIN;
}

/**
 * Counts the posts to each `response_url`: Slack accepts 5. The number is in the place too, for the process that reads
 * a stored one.
 */
export function replyUrlCounter(now: () => number) {
  const counted = new Map<string, { posts: number; expiresAtMs: number }>();

  const postsTo = ({ replyUrl = '', extra }: Place) =>
    Math.max(counted.get(replyUrl)?.posts ?? 0, Number(extra?.['posts'] ?? 0));

  /** Whether the `response_url` of the place takes another post. */
  function isOpen(place: Place): boolean {
    const { replyUrl = '', replyUrlExpiresAtMs = 0 } = place;
    return isReplyUrl(replyUrl) && replyUrlExpiresAtMs > now() && postsTo(place) < POSTS_MAX;
  }

  /** Counts a post. @returns the place with the new number; undefined when it takes no more */
  function take(place: Place): (Place & { replyUrl: string }) | undefined {
    const { replyUrl, replyUrlExpiresAtMs = 0, extra } = place;
    if (!replyUrl || !isOpen(place)) return undefined;
    forgetExpired();
    const posts = postsTo(place) + 1;
    counted.set(replyUrl, { posts, expiresAtMs: replyUrlExpiresAtMs });
    return { ...place, replyUrl, extra: { ...extra, posts: String(posts) } };
  }

  /** The first ones expire first: they are added in the order of the requests, which all have the same lifetime. */
  function forgetExpired(): void {
    for (const [url, { expiresAtMs }] of counted) {
      if (expiresAtMs > now()) return;
      counted.delete(url);
    }
  }

  return { isOpen, take };
}
