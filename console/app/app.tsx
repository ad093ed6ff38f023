import { Router } from 'wouter';
import { SignInPage } from '../pages/sign-in.tsx';
import { Pages } from './pages.tsx';
import { useSessionState } from './session.tsx';
import { Shell } from './shell.tsx';

/** The address stays while somebody signs in, so the sign-in returns to the link. */
export function App() {
  const { phase } = useSessionState();
  return (
    <Router base="/console">
      {phase === 'signed-in' ? (
        <Shell>
          <Pages />
        </Shell>
      ) : (
        <SignInPage />
      )}
    </Router>
  );
}
