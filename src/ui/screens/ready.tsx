import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { CannotConnect } from '../parts/cannot-connect.tsx';
import { Icon } from '../parts/icon.tsx';
import { NameText } from '../parts/name-text.tsx';
import { Page } from '../parts/page.tsx';
import { PrepareTrouble } from '../parts/prepare-trouble.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { goBack } from '../route.ts';
import { when, words } from '../words/en.ts';

/** Step 0, told truthfully: each line is looked at, none is assumed. */
export function ReadyScreen() {
  const model = useModel();
  const { shell } = model.ports;
  const packs = model.packs.value;
  const { operator, pack: packState, clock } = model.readiness.value;
  const titleOf = (org: string) =>
    model.enrolment.value?.credential.memberships.find((m) => m.org === org)?.title ?? org;
  const lines: readonly (readonly [boolean, string])[] = [
    [operator === 'ready', words.ready.operator[operator]],
    [packState === 'ready', words.ready.pack[packState]],
    [shell.offlineReady.value, words.ready.shell],
    [clock === 'ready', words.ready.clock[clock]],
    [shell.persisted.value, shell.persisted.value ? words.ready.storage : words.ready.storageNot],
  ];
  return (
    <Page
      title={model.readyOffline.value ? words.ready.title : words.ready.notYet}
      onBack={goBack}
      actions={
        <Button kind="primary" icon="sync" busy={model.preparing.value} onClick={() => void model.prepare()}>
          {words.ready.refresh}
        </Button>
      }
    >
      <PrepareTrouble model={model} />
      <CannotConnect />
      {clock !== 'ready' && <TroubleCard code={`clock_${clock}`} waits />}
      <section class="card">
        <ul class="checks">
          {lines.map(([ok, text]) => (
            <li class="check" key={text}>
              <span class="mark" data-tone={ok ? 'good' : 'none'}>
                <Icon name={ok ? 'check' : 'dash'} size={18} />
              </span>
              <span>{text}</span>
            </li>
          ))}
        </ul>
      </section>
      {packs.map(({ pack, list }) => (
        <section class="card" key={pack.org}>
          <h2>{titleOf(pack.org)}</h2>
          <p>{words.ready.rows(list?.size ?? pack.rows.length + pack.digests.length)}</p>
          {list?.whole === false && <p class="quiet">{words.ready.cut}</p>}
          <ul class="stack-s">
            {pack.domains.map((domain) => (
              <li key={domain.name}>
                <strong>{domain.title}</strong>
                <br />
                <span class="small quiet">
                  <NameText text={domain.name} />
                </span>
              </li>
            ))}
          </ul>
          <p class="quiet small">{words.ready.asOf(when(Date.parse(pack.issuedAt)))}</p>
        </section>
      ))}
    </Page>
  );
}
