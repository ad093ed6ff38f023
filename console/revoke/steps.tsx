import { useWords } from '../app/preferences.tsx';
import { revokeWords } from '../words/revoke.ts';
import styles from './revoke.module.css';

/** Where a revocation is on its way from the selection to the receipts. */
export function Steps({ current }: { current: 'preview' | 'revoke' }) {
  const words = useWords(revokeWords);
  const steps = [
    ['select', words.stepSelect],
    ['preview', words.stepPreview],
    ['revoke', words.stepRevoke],
    ['job', words.stepJob],
    ['receipts', words.stepReceipts],
  ];
  return (
    <ol className={styles.steps} aria-label={words.steps}>
      {steps.map(([step, name]) => (
        <li key={step} aria-current={step === current ? 'step' : undefined}>
          {name}
        </li>
      ))}
    </ol>
  );
}
