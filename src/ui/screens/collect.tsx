import { useEffect, useState } from 'preact/hooks';
import {
  connectedLinkOf,
  isWaiting,
  performCollect,
  type WaitingDevice,
} from '../../effects/install/collect-effects.ts';
import { COLLECT_START, type CollectState, collect } from '../../flow/collect.ts';
import type { InstallPart } from '../../ports/device.ts';
import type { DeviceAtPlace } from '../../ports/devices.ts';
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
import { nameOfPlace } from '../place-name.ts';
import { go, goBack } from '../route.ts';
import { useBusyFlow, useFlow } from '../use-flow.ts';
import { when } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';
import { recordWords } from '../words/record.ts';

/** Steps 10 and 11 for one device, whoever registered it. */
export function CollectScreen({ org, udid }: { readonly org: string; readonly udid: string }) {
  const model = useModel();
  // As it was when the screen was opened: what is written here is what a person saw then.
  const [device, setDevice] = useState<DeviceAtPlace | null | undefined>();
  useEffect(() => {
    void model.ports.devices.device(org, udid).then((found) => setDevice(found ?? null));
  }, [org, udid]);
  if (device === undefined) return <Page />;
  const pack = model.packs.value.find((stored) => stored.pack.org === org);
  const waiting = device ?? undefined;
  if (!isWaiting(waiting) || pack === undefined) {
    return (
      <Page title={fieldWords.collect.title} onBack={goBack}>
        <FieldTroubleCard code={isWaiting(waiting) ? 'no_work_pack' : 'nothing_to_write'} waits />
      </Page>
    );
  }
  return <CollectFlow waiting={waiting} pack={pack} />;
}

function CollectFlow({ waiting, pack }: { readonly waiting: WaitingDevice; readonly pack: StoredPack }) {
  const model = useModel();
  useBusyFlow();
  const [now, flow] = useFlow(COLLECT_START, collect, () => {
    const { devices, capture, work, clock, crypto, device, certificates, app } = model.ports;
    const ports = {
      capture,
      devices,
      work,
      clock,
      crypto,
      device,
      waiting,
      pack,
      app,
      checkCertificate: certificates,
      onSaved: () => void model.sync(true),
    };
    return {
      perform: (effect, answer) => performCollect(ports, effect, answer),
      onEnter({ send }) {
        if (waiting.simulated) void model.ports.practice().then((shelf) => shelf.wake(waiting.udid));
        const link = connectedLinkOf(device, waiting);
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
      onBack={done ? undefined : goBack}
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
                  model.ports.device.keepSecret(waiting.udid, secret);
                  if (now.link !== undefined) flow.send({ on: 'link_chosen', link: now.link });
                }
              : undefined
          }
        />
      )}
      <section class="card">
        <p class="udid-big" dir="ltr">
          {waiting.udid}
        </p>
        {waiting.model !== undefined && <p class="quiet">{waiting.model}</p>}
        <p>
          <bdi>{nameOfPlace(model, waiting)}</bdi>
        </p>
        {now.at !== 'pair' && <Progress state={now} />}
      </section>
      {now.at === 'pair' && (
        <LinkChoice
          links={linksFor(model.ports.links.availableLinks(), waiting.simulated)}
          onChoose={(link) => flow.send({ on: 'link_chosen', link })}
        />
      )}
      {done && !now.written.some((part) => part.parts.includes('chain')) && (
        <p class="card" data-tone="wait">
          {fieldWords.collect.noChain}
        </p>
      )}
      {done && (
        <details class="card">
          <summary>{fieldWords.collect.support}</summary>
          <Facts
            of={[
              [
                recordWords.names,
                <NameText fact="names" text={`spiffe://${waiting.domain}/device/${waiting.udid}`} />,
              ],
              [
                recordWords.certificate,
                <NameText fact="fingerprint" text={waiting.certificate.fingerprint} />,
              ],
              [recordWords.validUntil, when(Date.parse(waiting.certificate.notAfter))],
            ]}
          />
        </details>
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
