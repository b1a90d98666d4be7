import { useModel } from '../model-context.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { Icon, Mark } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { PrepareTrouble } from '../parts/prepare-trouble.tsx';
import { THEMES, theme } from '../theme.ts';
import { words } from '../words/en.ts';

/** Roles that look after other people's phones. */
const DESK: readonly string[] = ['support', 'approver', 'administrator'];

export function MoreScreen() {
  const model = useModel();
  const { shell, links, app } = model.ports;
  const unsent = model.summary.value?.unsent ?? 0;
  const credential = model.enrolment.value?.credential;
  const available = links.availableLinks();
  const abilities: readonly (readonly [string, boolean])[] = [
    [words.more.abilities.camera, isSecureContext && navigator.mediaDevices !== undefined],
    [words.more.abilities.serial, available.serial],
    [words.more.abilities.bluetooth, available.bluetooth],
    [words.more.abilities.background, shell.backgroundSync.value],
    [words.more.abilities.install, shell.offlineReady.value],
  ];
  return (
    <Page title={words.more.title}>
      <section class="card">
        <h2>{words.more.you}</h2>
        <p>
          <strong>{credential?.name}</strong>
          <br />
          <span class="quiet">{model.membership.value?.title}</span>
        </p>
        <PrepareTrouble model={model} />
        {model.connection.value === 'signed_out' ? (
          <>
            <Button
              kind="primary"
              icon="person"
              busy={model.preparing.value}
              onClick={() => void model.signIn(credential?.operator ?? '')}
            >
              {words.more.signIn}
            </Button>
            <LinkButton href="/sign-in">{words.more.other}</LinkButton>
          </>
        ) : (
          <>
            <Button disabled={unsent > 0} onClick={() => void model.signOut()}>
              {words.more.signOut}
            </Button>
            {unsent > 0 && (
              <>
                <p class="quiet small">{words.more.signOutBlocked(unsent)}</p>
                <Button icon="sync" busy={model.draining.value} onClick={() => void model.sync(true)}>
                  {words.outbox.sendNow}
                </Button>
                <LinkButton href="/rescue" icon="shield">
                  {words.outbox.copies}
                </LinkButton>
              </>
            )}
          </>
        )}
      </section>
      <section class="stack-s">
        <h2>{words.more.theme}</h2>
        <fieldset class="filters" aria-label={words.more.theme}>
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
              {words.more.themes[name]}
            </button>
          ))}
        </fieldset>
      </section>
      {DESK.includes(model.membership.value?.role ?? 'installer') && (
        <LinkButton href="/phones" icon="phone">
          {words.more.phones}
        </LinkButton>
      )}
      <LinkButton href="/bench" icon="chip">
        {words.more.bench}
      </LinkButton>
      <LinkButton href="/ready" icon="shield">
        {words.more.ready}
      </LinkButton>
      {shell.installable.value && (
        <section class="card">
          <h2>{words.more.install}</h2>
          <p class="quiet">{words.more.installNote}</p>
          <Button icon="phone" onClick={() => void shell.install()}>
            {words.more.install}
          </Button>
        </section>
      )}
      <section class="card">
        <h2>{words.more.can}</h2>
        <ul class="checks">
          {abilities.map(([name, can]) => (
            <li class="check" key={name}>
              <span class="mark" data-tone={can ? 'good' : 'none'}>
                <Icon name={can ? 'check' : 'dash'} size={18} />
              </span>
              <span>
                {name}: {can ? words.more.yes : words.more.no}
              </span>
            </li>
          ))}
        </ul>
      </section>
      <p class="brand">
        <Mark size={28} /> {words.app}
        <span class="quiet small">{words.more.version(app)}</span>
      </p>
    </Page>
  );
}
