import { useFormat, useWords } from '../app/preferences.tsx';
import { commonWords } from '../words/common.ts';
import { isUtc } from '../words/format.ts';
import styles from './parts.module.css';

/** A time in the local time zone and in UTC. @param ms since 1970, as the APIs write it */
export function Time({ ms }: { ms: string | number | undefined }) {
  const words = useWords(commonWords);
  const { dateTime } = useFormat();
  const atMs = Number(ms);
  if (!Number.isFinite(atMs) || atMs <= 0) return null;
  const utc = `${dateTime(atMs, 'UTC')} ${words.utc}`;
  const local = dateTime(atMs);
  const isSameDay = local.slice(0, local.indexOf(' ')) === utc.slice(0, utc.indexOf(' '));
  return (
    <time dateTime={new Date(atMs).toISOString()} className={styles.time}>
      {isUtc(atMs) ? utc : local}
      {!isUtc(atMs) && <small>{isSameDay ? utc.slice(utc.indexOf(' ') + 1) : utc}</small>}
    </time>
  );
}
