import styles from './parts.module.css';

export type Tone = 'good' | 'caution' | 'bad' | 'accent' | 'neutral';
export type Icon = 'check' | 'clock' | 'spinner' | 'stop' | 'warning' | 'cross' | 'dash' | 'person';

const PATHS: Record<Icon, string> = {
  check: 'M2 6.5 5 9.500 10.500 3',
  clock: 'M6 1.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9M6 3.500V6l2 1.500',
  spinner: 'M6 1.500A4.500 4.500 0 1 1 1.500 6',
  stop: 'M2.500 2.500h7v7h-7Z',
  warning: 'M6 1.500 11 10.500H1ZM6 5v2.500M6 8.500v1',
  cross: 'M2.500 2.500l7 7M9.500 2.500l-7 7',
  dash: 'M2.500 6h7',
  person: 'M6 1.500a2 2 0 1 0 0 4 2 2 0 0 0 0-4M1.500 11c0-2.500 2-4 4.500-4s4.500 1.500 4.500 4',
};

/** A state as icon and word. */
export function Badge({ tone, icon, children }: { tone: Tone; icon: Icon; children: string }) {
  const classes = [styles.badge, styles[tone], icon === 'spinner' && styles.spinning];
  return (
    <span className={classes.filter(Boolean).join(' ')}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <path d={PATHS[icon]} />
      </svg>
      {children}
    </span>
  );
}
