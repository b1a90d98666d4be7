import { performCollect } from '../../effects/install/collect-effects.ts';
import { COLLECT_START, type CollectState, collect } from '../../flow/collect.ts';
import type { InstallPart } from '../../ports/device.ts';
import type { QueuedRecord } from '../../ports/outbox.ts';
import type { StoredPack } from '../../ports/work.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { DeviceTrouble } from '../parts/device-trouble.tsx';
import { Facts } from '../parts/facts.tsx';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { Icon } from '../parts/icon.tsx';
import { LinkChoice, linksFor } from '../parts/link-choice.tsx';
import { NameText } from '../parts/name-text.tsx';
import { Page } from '../parts/page.tsx';
import { go } from '../route.ts';
import { useBusyFlow, useFlow } from '../use-flow.ts';
import { useRecord } from '../use-record.ts';
import { when } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';
import { recordWords } from '../words/record.ts';

/** Steps 10 and 11 for one record. */
export function CollectScreen({ id }: { readonly id: string }) {
  const model = useModel();
  const record = useRecord(id);
  if (record === undefined) return <Page />;
  const pack = model.packs.value.find((stored) => stored.pack.org === record?.org);
  if (record === null || pack === undefined) {
    return (
      <Page onBack={() => go('/')}>
        <FieldTroubleCard code="no_work_pack" />
      </Page>
    );
  }
  return <CollectFlow registration={record} pack={pack} />;
}

function CollectFlow({
  registration,
  pack,
}: {
  readonly registration: QueuedRecord;
  readonly pack: StoredPack;
}) {
  const model = useModel();
  useBusyFlow();
  const [now, flow] = useFlow(COLLECT_START, collect, () => {
    const { outbox, capture, work, clock, crypto, device, certificates, app } = model.ports;
    const ports = {
      capture,
      outbox,
      work,
      clock,
      crypto,
      device,
      registration,
      pack,
      app,
      checkCertificate: certificates,
      onSaved: () => void model.sync(true),
    };
    return {
      perform: (effect, answer) => performCollect(ports, effect, answer),
      onEnter({ send }) {
        if (registration.simulated)
          void model.ports.practice().then((shelf) => shelf.wake(registration.udid));
        const link = device.connectedLink(registration.id);
        if (link !== undefined) send({ on: 'link_chosen', link });
      },
      onLeave: () => void device.stop(),
    };
  });
  const trouble = 'trouble' in now ? now.trouble : undefined;
  const done = now.at === 'done';
  return (
    <Page
      title={done ? fieldWords.collect.done : fieldWords.collect.title}
      intro={
        done
          ? fieldWords.collect.doneNote
          : now.at === 'pair'
            ? fieldWords.collect.connect
            : fieldWords.collect.keepConnected
      }
      onBack={done ? undefined : () => go(`/record/${registration.id}`)}
      actions={
        done ? (
          <Button kind="primary" onClick={() => go('/')}>
            {fieldWords.saved.home}
          </Button>
        ) : now.at === 'confirming' && trouble !== undefined ? (
          <Button kind="primary" onClick={() => flow.send({ on: 'confirm_again' })}>
            {fieldWords.collect.again}
          </Button>
        ) : undefined
      }
    >
      {trouble !== undefined && (
        <DeviceTrouble
          code={trouble.code}
          onSecTag={
            now.at === 'pair' && now.link !== undefined
              ? (secTag) => {
                  if (now.link !== undefined) flow.send({ on: 'link_chosen', link: now.link, secTag });
                }
              : undefined
          }
          onSecret={
            now.at === 'pair' && now.link !== undefined
              ? (secret) => {
                  model.ports.device.keepSecret(registration.udid, secret);
                  if (now.link !== undefined) flow.send({ on: 'link_chosen', link: now.link });
                }
              : undefined
          }
        />
      )}
      <section class="card">
        <p class="udid-big" dir="ltr">
          {registration.udid}
        </p>
        <p class="quiet">
          <NameText text={registration.domain} />
        </p>
        {now.at !== 'pair' && <Progress state={now} />}
      </section>
      {now.at === 'pair' && (
        <LinkChoice
          links={linksFor(model.ports.links.availableLinks(), registration.simulated)}
          onChoose={(link) => flow.send({ on: 'link_chosen', link })}
        />
      )}
      {done && !now.written.some((part) => part.parts.includes('chain')) && (
        <p class="card" data-tone="wait">
          {fieldWords.collect.noChain}
        </p>
      )}
      {done && registration.certificate !== null && (
        <section class="card">
          <Facts
            of={[
              [
                recordWords.names,
                <NameText
                  fact="names"
                  text={`spiffe://${registration.domain}/device/${registration.udid}`}
                />,
              ],
              [
                recordWords.certificate,
                <NameText fact="fingerprint" text={registration.certificate.fingerprint} />,
              ],
              [recordWords.validUntil, when(Date.parse(registration.certificate.notAfter))],
            ]}
          />
        </section>
      )}
    </Page>
  );
}

const PARTS: readonly InstallPart[] = ['leaf', 'chain', 'anchor'];

function Progress({ state }: { readonly state: CollectState }) {
  const written = new Set('written' in state ? state.written.flatMap((part) => part.parts) : []);
  return (
    <>
      <p role="status">
        {state.at !== 'done' && <Icon name="sync" spin size={20} />} {progressWords(state)}
      </p>
      <ul class="checks">
        {PARTS.map((part) => (
          <li class="check" key={part} data-part={part} data-written={written.has(part) ? 'yes' : 'no'}>
            <span class="mark" data-tone={written.has(part) ? 'good' : 'none'}>
              <Icon name={written.has(part) ? 'check' : 'dash'} size={18} />
            </span>
            <span>{fieldWords.collect.parts[part]}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function progressWords(state: CollectState): string {
  switch (state.at) {
    case 'pair':
    case 'connecting':
      return fieldWords.collect.connecting;
    case 'checking':
      return fieldWords.collect.checking;
    case 'writing':
      return fieldWords.collect.writing;
    case 'confirming':
      return fieldWords.collect.confirming;
    case 'done':
      return fieldWords.collect.done;
  }
}
