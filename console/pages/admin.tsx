import { Page } from '../app/page.tsx';
import { useWords } from '../app/preferences.tsx';
import { commonWords } from '../words/common.ts';

export function AdminPage() {
  const words = useWords(commonWords);
  return <Page title={words.administration}>{null}</Page>;
}
