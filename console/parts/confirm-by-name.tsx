import { useWords } from '../app/preferences.tsx';
import { commonWords } from '../words/common.ts';
import { TextField } from './field.tsx';

interface Props {
  /** What to type: the visible name of the target. */
  name: string;
  value: string;
  onChange(value: string): void;
}

/** Whether what was typed is the name of the target. */
export const isConfirmed = (name: string, typed: string): boolean => typed.trim() === name;

/** Asks for the name of the target of an action. */
export function ConfirmByName({ name, value, onChange }: Props) {
  const words = useWords(commonWords);
  return <TextField label={words.typeName(name)} value={value} onChange={onChange} />;
}
