import { useSearchParams } from 'wouter';
import { Page } from '../app/page.tsx';
import { useWords } from '../app/preferences.tsx';
import { KeysSection } from '../home/keys.tsx';
import { OpenJobsSection } from '../home/open-jobs.tsx';
import { ReceiptsSection } from '../home/receipts.tsx';
import { SearchResults } from '../home/search-results.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { homeWords } from '../words/home.ts';
import styles from './home.module.css';

/** The start of every piece of work: who or what is it about? */
export function HomePage() {
  const words = useWords(homeWords);
  const [params] = useSearchParams();
  const query = params.get('q') ?? '';
  return (
    <Page title={words.title} hasOwnFocus>
      <div className={styles.ask}>
        <SearchBox key={query} initial={query} hasFocus />
        <p>{words.explain}</p>
      </div>
      {query !== '' && <SearchResults key={query} query={query} />}
      <div className={styles.columns}>
        <KeysSection />
        <div>
          <OpenJobsSection />
          <ReceiptsSection />
        </div>
      </div>
    </Page>
  );
}
