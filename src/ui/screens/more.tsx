import { useModel } from '../model-context.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { Icon, Mark } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { PrepareTrouble } from '../parts/prepare-trouble.tsx';
import { THEMES, theme } from '../theme.ts';
import { words } from '../words/en.ts';
import { moreWords } from '../words/more.ts';
import { outboxWords } from '../words/outbox.ts';

export function MoreScreen() {
  const model = useModel();
  const { shell, links, app } = model.ports;
  const unsent = model.summary.value?.unsent ?? 0;
  const credential = model.enrolment.value?.credential;
  const available = links.availableLinks();
  const abilities: readonly (readonly [string, boolean])[] = [
    [moreWords.abilities.camera, isSecureContext && navigator.mediaDevices !== undefined],
    [moreWords.abilities.serial, available.serial],
    [moreWords.abilities.bluetooth, available.bluetooth],
    [moreWords.abilities.background, shell.backgroundSync.value],
    [moreWords.abilities.install, shell.offlineReady.value],
  ];
  return (
    <Page title={moreWords.title}>
      <section class="card">
        <h2>{moreWords.you}</h2>
        <p>
          <strong>{credential?.name}</strong>
          <br />
          <span class="quiet">
            {credential?.memberships
              .filter(({ training }) => !training)
              .map(({ title }) => title)
              .join(', ')}
          </span>
        </p>
        <PrepareTrouble model={model} />
        {model.connection.value === 'signed_out' ? (
          <>
            <Button
              kind="primary"
              icon="person"
              busy={model.preparing.value}
              onClick={() => void model.askToSignIn('ended')}
            >
              {moreWords.signIn}
            </Button>
            <LinkButton href="/sign-in">{moreWords.other}</LinkButton>
          </>
        ) : (
          <>
            <Button disabled={unsent > 0} onClick={() => void model.signOut()}>
              {moreWords.signOut}
            </Button>
            {unsent > 0 && (
              <>
                <p class="quiet small">{moreWords.signOutBlocked(unsent)}</p>
                <Button icon="sync" busy={model.draining.value} onClick={() => void model.sync(true)}>
                  {outboxWords.sendNow}
                </Button>
                <LinkButton href="/rescue" icon="shield">
                  {outboxWords.copies}
                </LinkButton>
              </>
            )}
          </>
        )}
      </section>
      <LinkButton href="/account" icon="key">
        {moreWords.account}
      </LinkButton>
      {model.orgsWith('manage_people').length > 0 && (
        <LinkButton href="/people" icon="person">
          {moreWords.people}
        </LinkButton>
      )}
      <section class="stack-s">
        <h2>{moreWords.theme}</h2>
        <fieldset class="filters" aria-label={moreWords.theme}>
          {THEMES.map((name) => (
            <button
              type="button"
              class="button"
              key={name}
              aria-pressed={theme.value === name}
              onClick={() => {
                theme.value = name;
              }}
            >
              {moreWords.themes[name]}
            </button>
          ))}
        </fieldset>
      </section>
      {model.orgsWith('see_phones').length > 0 && (
        <LinkButton href="/phones" icon="phone">
          {moreWords.phones}
        </LinkButton>
      )}
      <LinkButton href="/bench" icon="chip">
        {moreWords.bench}
      </LinkButton>
      <LinkButton href="/ready" icon="shield">
        {moreWords.ready}
      </LinkButton>
      {shell.installable.value && (
        <section class="card">
          <h2>{moreWords.install}</h2>
          <p class="quiet">{moreWords.installNote}</p>
          <Button icon="phone" onClick={() => void shell.install()}>
            {moreWords.install}
          </Button>
        </section>
      )}
      <section class="card">
        <h2>{moreWords.can}</h2>
        <ul class="checks">
          {abilities.map(([name, can]) => (
            <li class="check" key={name}>
              <span class="mark" data-tone={can ? 'good' : 'none'}>
                <Icon name={can ? 'check' : 'dash'} size={18} />
              </span>
              <span>
                {name}: {can ? moreWords.yes : moreWords.no}
              </span>
            </li>
          ))}
        </ul>
      </section>
      <p class="brand">
        <Mark size={28} /> {words.app}
        <span class="quiet small">{moreWords.version(app)}</span>
      </p>
    </Page>
  );
}
