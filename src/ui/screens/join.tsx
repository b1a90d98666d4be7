import { useEffect, useState } from 'preact/hooks';
import type { InvitationShown } from '../../../contract/account.ts';
import { failureCode } from '../../effects/trouble.ts';
import type { SaidOfSelf } from '../../ports/account.ts';
import { useModel } from '../model-context.ts';
import { isOrgName, orgNameOf } from '../org-name.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { CannotConnect } from '../parts/cannot-connect.tsx';
import { OthersWaiting } from '../parts/others-waiting.tsx';
import { Page } from '../parts/page.tsx';
import { PrepareTrouble } from '../parts/prepare-trouble.tsx';
import { RoleRights } from '../parts/role-rights.tsx';
import { TextField } from '../parts/text-field.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { go, hideToken } from '../route.ts';
import { accountWords } from '../words/account.ts';
import { when } from '../words/en.ts';
import { problemWords } from '../words/problems.ts';
import { rightWords } from '../words/rights.ts';
import { say } from '../words/trouble.ts';

const words = accountWords.join;

/** Whatever happens, this link is worth nothing any more. */
const OVER: ReadonlySet<string> = new Set(['invitation_unknown', 'invitation_used', 'invitation_over']);

/** What the link of an invitation opens: who invites to what, and the passkey that accepts it. */
export function JoinScreen({ token }: { readonly token: string | undefined }) {
  const model = useModel();
  const [shown, setShown] = useState<InvitationShown | undefined>();
  const [trouble, setTrouble] = useState<string | undefined>(token === undefined ? 'no_token' : undefined);
  const read = async () => {
    if (token === undefined) return;
    setTrouble(undefined);
    const answer = await model.ask(model.ports.entry, (entry) => entry.read(token));
    if (answer.ok) setShown(answer.value);
    else setTrouble(failureCode(answer.failure));
  };
  // read once for each link
  useEffect(() => {
    if (token !== undefined) hideToken(token);
    void read();
  }, [token]);
  if (shown !== undefined && token !== undefined) return <Invited token={token} shown={shown} />;
  return (
    <Page title={words.reading}>
      {trouble !== undefined && (
        <TroubleCard
          code={trouble}
          waits={trouble === 'invitation_waits'}
          words={(code) =>
            code === 'no_token'
              ? say(words.noToken, problemWords('invitation_unknown').next)
              : problemWords(code)
          }
        >
          {token !== undefined && !OVER.has(trouble) && (
            <Button icon="sync" onClick={() => void read()}>
              {words.lookAgain}
            </Button>
          )}
        </TroubleCard>
      )}
      {trouble !== undefined && <LinkButton href="/sign-in">{words.signIn}</LinkButton>}
    </Page>
  );
}

function Invited({ token, shown }: { readonly token: string; readonly shown: InvitationShown }) {
  const model = useModel();
  const { kind } = shown;
  const [name, setName] = useState(shown.name ?? '');
  const [title, setTitle] = useState('');
  const [short, setShort] = useState<string | undefined>();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | undefined>();
  const me = model.enrolment.value?.credential;
  // Only to a further organisation does an account go along; what a link is for one person, it is for that one alone.
  const [isSomebodyElse, setSomebodyElse] = useState(false);
  const asMe = kind === 'join' && me !== undefined && !isSomebodyElse;
  const orgName = short ?? orgNameOf(title);
  const isNew = kind === 'join' || kind === 'set-up';
  const isReady =
    asMe ||
    ((!isNew || name.trim() !== '') && (kind !== 'set-up' || (title.trim() !== '' && isOrgName(orgName))));

  const enter = async (): Promise<string | undefined> => {
    if (asMe) {
      const answer = await model.act(model.ports.entry, (entry) => entry.joinAs(token));
      if (!answer.ok) return failureCode(answer.failure);
      await model.entered(answer.value);
      return undefined;
    }
    const said: SaidOfSelf = {
      ...(isNew ? { name: name.trim() } : {}),
      ...(kind === 'set-up' ? { org: { name: orgName, title: title.trim() } } : {}),
    };
    const entry = await model.ports.entry().catch(() => undefined);
    const entering = await entry?.join(token, said);
    if (entering?.ok !== true) return entering?.code ?? 'needs_signal';
    await model.entered(entering.session);
    return undefined;
  };
  const run = async () => {
    setBusy(true);
    setTrouble(undefined);
    const code = await enter();
    setBusy(false);
    if (code !== undefined) setTrouble(code);
    else if (model.prepareTrouble.value !== 'other_installation') go('/', { replace: true });
  };

  return (
    <Page
      title={words.titles[kind]}
      actions={
        <>
          <Button kind="primary" icon="key" busy={busy} disabled={!isReady} onClick={() => void run()}>
            {asMe ? words.joinAs(me.name) : words.make[kind]}
          </Button>
          {asMe && (
            <Button disabled={busy} onClick={() => setSomebodyElse(true)}>
              {words.somebodyElse}
            </Button>
          )}
        </>
      }
    >
      <What shown={shown} />
      <PrepareTrouble model={model} />
      {trouble !== undefined && (
        <TroubleCard
          code={trouble}
          waits={trouble === 'passkey_not_used'}
          words={(code) => joinTrouble(code, kind)}
        />
      )}
      {asMe ? (
        <p>{words.signedInAs(me.name)}</p>
      ) : (
        <>
          <OthersWaiting besides={kind === 'device' && me?.name === shown.name ? me?.operator : undefined} />
          {isNew && (
            <TextField
              id="join-name"
              label={words.name}
              help={words.nameHelp}
              autocomplete="name"
              value={name}
              onText={setName}
            />
          )}
          {kind === 'set-up' && (
            <>
              <TextField
                id="join-org"
                label={words.org}
                autocomplete="organization"
                value={title}
                onText={setTitle}
              />
              <TextField
                id="join-short"
                label={words.short}
                help={words.shortHelp}
                maxLength={31}
                value={orgName}
                onText={setShort}
              />
            </>
          )}
          <details class="folded">
            <summary>{words.passkey}</summary>
            <p class="quiet">{words.passkeyNote}</p>
          </details>
        </>
      )}
      <CannotConnect />
    </Page>
  );
}

/** Who invites to what, in sentences. */
function What({ shown }: { readonly shown: InvitationShown }) {
  const { kind, by = words.somebody, title, org, name = '', role, expiresAt } = shown;
  const where = title ?? org ?? '';
  return (
    <section class="card" data-invitation={kind}>
      <p>
        {kind === 'set-up' && words.setUp}
        {kind === 'join' && role !== undefined && words.invites(by, where, rightWords.asRole[role])}
        {kind === 'device' && words.device(name)}
        {kind === 'recovery' && words.recovery(by, name)}
      </p>
      {kind === 'join' && role !== undefined && (
        <details class="folded" open>
          <summary>{words.youMay(where)}</summary>
          <RoleRights role={role} />
        </details>
      )}
      <p class="quiet small">{words.until(when(Date.parse(expiresAt)))}</p>
    </section>
  );
}

function joinTrouble(code: string, kind: InvitationShown['kind']) {
  if (code === 'request_invalid' && kind === 'set-up') return say(...words.badOrg);
  if (code === 'conflict' && kind === 'join') return say(...words.already);
  return problemWords(code);
}
