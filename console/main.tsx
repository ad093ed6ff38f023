import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { followOtherTabs } from './app/changes.ts';
import { PreferencesProvider } from './app/preferences.tsx';
import { createQueryClient } from './app/query-client.ts';
import { SessionProvider, session } from './app/session.tsx';
import { endSessionWithPage } from './app/session-events.ts';
import { NoticeProvider } from './parts/notices.tsx';
import './app/tokens.css';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
const queryClient = createQueryClient();
endSessionWithPage(session);
followOtherTabs(queryClient);
session.subscribe(() => {
  // What one person has read is not for the next one.
  if (session.state().phase !== 'signed-in') queryClient.clear();
});

createRoot(root).render(
  <StrictMode>
    <PreferencesProvider>
      <QueryClientProvider client={queryClient}>
        <NoticeProvider>
          <SessionProvider>
            <App />
          </SessionProvider>
        </NoticeProvider>
      </QueryClientProvider>
    </PreferencesProvider>
  </StrictMode>,
);
