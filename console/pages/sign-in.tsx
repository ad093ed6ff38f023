import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { ApiError } from '../api/error.ts';
import { type EndReason, hasPasswords, type Project } from '../api/session.ts';
import { useWords } from '../app/preferences.tsx';
import { session, useSessionState } from '../app/session.tsx';
import { SettingsMenu } from '../app/settings-menu.tsx';
import { Button } from '../parts/button.tsx';
import { TextField } from '../parts/field.tsx';
import parts from '../parts/parts.module.css';
import { ErrorNote, Loading, Note } from '../parts/states.tsx';
import { commonWords } from '../words/common.ts';
import { signInWords } from '../words/sign-in.ts';
import styles from './sign-in.module.css';

/** Asks who somebody is, at the address that they wanted to see. */
export function SignInPage() {
  const words = useWords(signInWords);
  const common = useWords(commonWords);
  const state = useSessionState();
  const form = useQuery({ queryKey: ['sign-in-form'], queryFn: () => hasPasswords((...call) => fetch(...call)) });
  useEffect(() => {
    document.title = `${words.title} · ${common.product}`;
  }, [words, common]);
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <p className={styles.product}>{common.product}</p>
        {state.phase === 'signed-out' && state.reason && <Ended reason={state.reason} />}
        {form.isPending && <Loading />}
        {form.error && <ErrorNote error={form.error} onRetry={() => void form.refetch()} />}
        {form.data === false && <TokenForm />}
        {form.data && state.phase === 'choosing' && <ProjectForm projects={state.projects} />}
        {form.data && state.phase !== 'choosing' && <PasswordForm />}
        <p className={styles.memory}>{words.memory}</p>
      </div>
      <SettingsMenu />
    </main>
  );
}

function Ended({ reason }: { reason: EndReason }) {
  const words = useWords(signInWords);
  const texts: Record<EndReason, string> = {
    'signed-out': words.endedSignedOut,
    lifetime: words.endedLifetime,
    idle: words.endedIdle,
    refused: words.endedRefused,
  };
  return (
    <div role="status">
      <Note tone={reason === 'signed-out' ? 'good' : 'caution'}>{texts[reason]}</Note>
    </div>
  );
}

/** A form that signs in, and shows why it could not. */
function SignInForm({ title, onSubmit, children }: { title: string; onSubmit(): Promise<void>; children: ReactNode }) {
  const words = useWords(signInWords);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const submit = async () => {
    setBusy(true);
    setError(undefined);
    await onSubmit().catch(setError);
    setBusy(false);
  };
  return (
    <form
      ref={focusFirstField}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <h1>{title}</h1>
      {children}
      {error && <SignInError error={error} />}
      <button type="submit" className={parts.primary} disabled={isBusy}>
        {isBusy ? words.signingIn : words.signIn}
      </button>
    </form>
  );
}

function SignInError({ error }: { error: Error }) {
  const words = useWords(signInWords);
  if (!(error instanceof ApiError) || error.status !== 401) return <ErrorNote error={error} />;
  return (
    <div role="alert">
      <Note tone="bad">{words.refused}</Note>
    </div>
  );
}

/** React calls it once, when the form appears. */
function focusFirstField(form: HTMLFormElement | null): void {
  form?.querySelector('input')?.focus();
}

function PasswordForm() {
  const words = useWords(signInWords);
  const [login, setLogin] = useState({ domain: '', user: '', password: '' });
  const set = (name: keyof typeof login) => (value: string) => setLogin({ ...login, [name]: value });
  return (
    <SignInForm title={words.title} onSubmit={() => session.signIn(login)}>
      <TextField
        label={words.domain}
        name="organization"
        autoComplete="organization"
        isRequired
        value={login.domain}
        onChange={set('domain')}
      />
      <TextField
        label={words.user}
        name="username"
        autoComplete="username"
        isRequired
        value={login.user}
        onChange={set('user')}
      />
      <TextField
        label={words.password}
        type="password"
        name="password"
        autoComplete="current-password"
        isRequired
        value={login.password}
        onChange={set('password')}
      />
    </SignInForm>
  );
}

function TokenForm() {
  const words = useWords(signInWords);
  const [token, setToken] = useState('');
  return (
    <SignInForm title={words.title} onSubmit={() => session.signInWithToken(token.trim())}>
      <TextField
        label={words.token}
        type="password"
        hint={words.tokenHint}
        isRequired
        value={token}
        onChange={setToken}
      />
    </SignInForm>
  );
}

function ProjectForm({ projects }: { projects: readonly Project[] }) {
  const words = useWords(signInWords);
  const [chosen, setChosen] = useState(projects[0]?.id ?? '');
  const back = <Button onClick={() => session.end('signed-out')}>{words.back}</Button>;
  if (projects.length === 0)
    return (
      <>
        <Note tone="caution">{words.noProjects}</Note>
        {back}
      </>
    );
  return (
    <>
      <SignInForm title={words.chooseProject} onSubmit={() => session.chooseProject(chosen)}>
        <fieldset>
          <legend className={parts.hidden}>{words.project}</legend>
          {projects.map(({ id, name }) => (
            <label key={id} className={styles.choice}>
              <input type="radio" name="project" checked={chosen === id} onChange={() => setChosen(id)} />
              {name}
            </label>
          ))}
        </fieldset>
      </SignInForm>
      {back}
    </>
  );
}
