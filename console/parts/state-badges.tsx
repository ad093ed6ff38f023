import type { JobState } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import { jobStateWords, keyStateWords } from '../words/states.ts';
import { Badge, type Icon, type Tone } from './badge.tsx';

const JOB_LOOKS: Record<JobState, readonly [Tone, Icon]> = {
  queued: ['neutral', 'clock'],
  running: ['accent', 'spinner'],
  waiting: ['caution', 'clock'],
  done: ['good', 'check'],
  'nothing-found': ['neutral', 'dash'],
  ignored: ['neutral', 'dash'],
  unmapped: ['caution', 'warning'],
  unreadable: ['bad', 'cross'],
  'needs-person': ['caution', 'warning'],
  observed: ['neutral', 'check'],
  paused: ['caution', 'stop'],
  leftovers: ['bad', 'warning'],
  stopped: ['caution', 'stop'],
};

export function JobStateBadge({ state }: { state: string }) {
  const words: Record<string, string> = useWords(jobStateWords);
  const [tone, icon] = JOB_LOOKS[state as JobState] ?? ['neutral', 'dash'];
  return (
    <Badge tone={tone} icon={icon}>
      {words[state] ?? state}
    </Badge>
  );
}

const KEY_LOOKS: Record<string, readonly [Tone, Icon]> = {
  2: ['good', 'check'],
  3: ['caution', 'stop'],
  4: ['bad', 'clock'],
};

/** @param state a digit, as describe-key documents it */
export function KeyStateBadge({ state }: { state: string | undefined }) {
  const words: Record<string, string> = useWords(keyStateWords);
  if (!state) return null;
  const [tone, icon] = KEY_LOOKS[state] ?? ['neutral', 'dash'];
  return (
    <Badge tone={tone} icon={icon}>
      {words[state] ?? state}
    </Badge>
  );
}
