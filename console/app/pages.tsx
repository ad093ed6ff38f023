import type { ComponentType } from 'react';
import { Route, Switch } from 'wouter';
import { AdminPage } from '../pages/admin.tsx';
import { HomePage } from '../pages/home.tsx';
import { JobPage } from '../pages/job.tsx';
import { JobsPage } from '../pages/jobs.tsx';
import { KeyPage } from '../pages/key.tsx';
import { NotFoundPage } from '../pages/not-found.tsx';
import { PersonPage } from '../pages/person.tsx';
import { ReceiptPage } from '../pages/receipt.tsx';
import { ReceiptsPage } from '../pages/receipts.tsx';

/** The pages by path, below /console. A page of an id is made anew for another id. */
const PAGES: readonly [path: string, page: ComponentType<{ id: string }>][] = [
  ['/', HomePage],
  ['/principals/:id', PersonPage],
  ['/keys/:id', KeyPage],
  ['/jobs', JobsPage],
  ['/jobs/:id', JobPage],
  ['/receipts', ReceiptsPage],
  ['/receipts/:id', ReceiptPage],
  ['/admin/*?', AdminPage],
];

export function Pages() {
  return (
    <Switch>
      {PAGES.map(([path, Page]) => (
        <Route key={path} path={path}>
          {({ id = '' }: Partial<Record<string, string>>) => <Page key={id} id={id} />}
        </Route>
      ))}
      <Route>
        <NotFoundPage />
      </Route>
    </Switch>
  );
}
