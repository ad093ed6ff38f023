import type { Job } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import type { Keys } from '../app/use-keys.ts';
import type { Names } from '../app/use-names.ts';
import { Facts } from '../parts/facts.tsx';
import { PrincipalLink } from '../parts/links.tsx';
import { Section } from '../parts/section.tsx';
import { Time } from '../parts/time.tsx';
import { channelWords, jobsWords } from '../words/jobs.ts';
import styles from './jobs.module.css';
import { TaskText } from './task-text.tsx';

/** What the job was asked to do, by whom, when and through which channel. */
export function Tasks({ job, names, keys }: { job: Job; names: Names; keys: Keys }) {
  const words = useWords(jobsWords);
  const channels: Record<string, string> = useWords(channelWords);
  const { actor, source, channel, delivery_id, received_at, tasks } = job;
  const reasons = [...new Set(tasks.flatMap(({ reason }) => reason ?? []))];
  return (
    <Section title={words.asked}>
      <Facts
        facts={[
          [
            words.action,
            <ul className={styles.list} key="tasks">
              {tasks.map((task, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the tasks of a job never change
                <li key={index}>
                  <TaskText task={task} names={names} keys={keys} />
                </li>
              ))}
            </ul>,
          ],
          [words.reason, reasons.join('; ')],
          [words.who, actor ? <PrincipalLink id={actor} names={names} key="who" /> : source],
          [words.started, <Time ms={received_at} key="time" />],
          [words.channel, channels[channel ?? 'webhook'] ?? channel],
          [words.delivery, channel === 'http' ? undefined : delivery_id],
        ]}
      />
    </Section>
  );
}
