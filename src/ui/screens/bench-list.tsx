import { useEffect, useRef, useState } from 'preact/hooks';
import { toInstant } from '../../../core/instant.ts';
import { attestationTokensCsv, listCsv } from '../../../core/list-csv.ts';
import { isMakerName } from '../../../core/udid.ts';
import { AT_BENCH, performBenchList } from '../../effects/bench-list-effects.ts';
import {
  type BenchEffect,
  type BenchEvent,
  type BenchRow,
  type BenchState,
  benchList,
} from '../../flow/bench-list.ts';
import type { DriverTraits } from '../../ports/device.ts';
import { type BenchDraft, keepBenchList, loadBenchList } from '../bench-draft.ts';
import type { AppModel } from '../model.ts';
import { useModel } from '../model-context.ts';
import { Abilities } from '../parts/abilities.tsx';
import { Button } from '../parts/button.tsx';
import { DeviceTrouble } from '../parts/device-trouble.tsx';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { Icon } from '../parts/icon.tsx';
import { LinkChoice, linksFor } from '../parts/link-choice.tsx';
import { Page } from '../parts/page.tsx';
import { goBack } from '../route.ts';
import { saveFile } from '../save-file.ts';
import { useBusyFlow, useFlow } from '../use-flow.ts';
import { when } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';

const { bench } = fieldWords;

/** The maker's list built at the bench: plug in one device after another; the file is the result. */
export function BenchListScreen() {
  const model = useModel();
  const [draft, setDraft] = useState<BenchDraft | undefined>(undefined);
  useEffect(() => {
    void loadBenchList(model.ports.drafts).then(setDraft, () => setDraft({ maker: '', model: '', rows: [] }));
  }, []);
  return draft === undefined ? <Page /> : <Bench model={model} draft={draft} />;
}

function Bench({ model, draft }: { readonly model: AppModel; readonly draft: BenchDraft }) {
  const about = useRef({ maker: draft.maker, model: draft.model });
  const [maker, setMaker] = useState(draft.maker);
  const [device, setDevice] = useState(draft.model);
  about.current = { maker: maker.trim().toLowerCase(), model: device.trim() };
  useBusyFlow();
  const [now, { send }] = useFlow<BenchState, BenchEvent, BenchEffect>(
    { at: 'ready', rows: draft.rows },
    benchList,
    () => {
      const { device: work, crypto, clock, drafts } = model.ports;
      const keep = (rows: readonly BenchRow[]) => keepBenchList(drafts, { ...about.current, rows });
      const ports = { device: work, crypto, clock, about: () => about.current, keep };
      return {
        perform: (effect, answer) => performBenchList(ports, effect, answer),
        onLeave: () => void work.stop(),
      };
    },
  );
  const ready = now.at === 'ready';
  return (
    <Page
      title={bench.title}
      intro={bench.intro}
      onBack={ready ? goBack : () => send({ on: 'back' })}
      actions={<Actions state={now} send={send} />}
    >
      {now.trouble !== undefined && (
        <DeviceTrouble
          code={now.trouble.code}
          onSecret={
            now.link === undefined
              ? undefined
              : (secret) => {
                  model.ports.device.keepSecret(AT_BENCH, secret);
                  if (now.link !== undefined) send({ on: 'link_chosen', link: now.link });
                }
          }
        />
      )}
      {now.at === 'found' && (
        <section class="card">
          <p class="quiet small">{fieldWords.pair.speaks(now.traits.name)}</p>
          <Abilities traits={now.traits} />
          {now.traits.evidence === 'none' && <FieldTroubleCard code="nothing_to_bind" waits />}
          {makesKeyHere(now.traits) && <p class="small">{fieldWords.found.makesKey}</p>}
          {now.traits.rowKind === 'voucher' && <p class="small">{bench.voucher}</p>}
        </section>
      )}
      {(now.at === 'connecting' || now.at === 'reading') && (
        <p class="card" role="status">
          <span>
            <Icon name="sync" spin />{' '}
            {now.at === 'connecting' ? fieldWords.pair.connecting : fieldWords.pair.reading}
          </span>
        </p>
      )}
      {now.at === 'nameless' && <LabelField send={send} />}
      {ready && (
        <>
          <section class="card">
            <Field
              id="bench-maker"
              name={bench.maker}
              help={bench.makerHelp}
              longest={16}
              value={maker}
              onInput={setMaker}
            />
            <Field id="bench-model" name={bench.model} longest={128} value={device} onInput={setDevice} />
          </section>
          {isMakerName(about.current.maker) ? (
            <LinkChoice
              links={linksFor(model.ports.links.availableLinks(), false)}
              onChoose={(link) => send({ on: 'link_chosen', link })}
            />
          ) : (
            <p class="quiet">{bench.makerFirst}</p>
          )}
        </>
      )}
      <Rows rows={now.rows} onRemove={ready ? (udid) => send({ on: 'removed', udid }) : undefined} />
    </Page>
  );
}

function Actions({
  state,
  send,
}: {
  readonly state: BenchState;
  readonly send: (event: BenchEvent) => void;
}) {
  switch (state.at) {
    case 'ready': {
      const tokens = state.rows.flatMap(({ attestation, readAt }) =>
        attestation === undefined ? [] : [{ ...attestation, at: toInstant(readAt) }],
      );
      if (state.rows.length === 0) return null;
      return (
        <>
          <Button
            kind="primary"
            onClick={() => saveFile('makers-list.csv', 'text/csv', listCsv(state.rows.map(({ row }) => row)))}
          >
            {bench.download(state.rows.length)}
          </Button>
          {tokens.length > 0 && (
            <Button
              onClick={() => saveFile('attestation_tokens.csv', 'text/csv', attestationTokensCsv(tokens))}
            >
              {bench.tokens(tokens.length)}
            </Button>
          )}
        </>
      );
    }
    case 'found':
      return state.traits.evidence === 'none' ? null : (
        <Button kind="primary" onClick={() => send({ on: 'read' })}>
          {readWords(state.traits)}
        </Button>
      );
    case 'connecting':
    case 'reading':
    case 'nameless':
      return <Button onClick={() => send({ on: 'back' })}>{fieldWords.pair.cancel}</Button>;
  }
}

function makesKeyHere({ makesKey, rowKind }: DriverTraits): boolean {
  return makesKey && rowKind !== 'voucher';
}

function readWords(traits: DriverTraits): string {
  if (traits.rowKind === 'voucher') return bench.readVoucher;
  return traits.makesKey ? fieldWords.found.readOrMake : fieldWords.found.read;
}

function Rows(props: {
  readonly rows: readonly BenchRow[];
  readonly onRemove: ((udid: string) => void) | undefined;
}) {
  const { rows, onRemove } = props;
  if (rows.length === 0) return null;
  return (
    <section class="stack-s">
      <h2>{bench.listed(rows.length)}</h2>
      <ul class="list">
        {rows.map(({ row, readAt }) => (
          <li key={row.udid} class="row" data-udid={row.udid}>
            <Icon name="chip" />
            <span class="row-main">
              <span class="mono" dir="ltr">
                {row.udid}
              </span>
              <span class="row-sub">{when(readAt)}</span>
            </span>
            {onRemove !== undefined && (
              <button
                type="button"
                class="icon-button"
                aria-label={bench.remove(row.udid)}
                onClick={() => onRemove(row.udid)}
              >
                <Icon name="close" />
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function LabelField({ send }: { readonly send: (event: BenchEvent) => void }) {
  const [text, setText] = useState('');
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        send({ on: 'label_text', text });
      }}
    >
      <p>{bench.nameless}</p>
      <Field id="bench-label" name={fieldWords.scan.typed} longest={1024} value={text} onInput={setText} />
      <button type="submit" class="button" data-kind="primary" disabled={text.trim() === ''}>
        {fieldWords.scan.use}
      </button>
    </form>
  );
}

function Field(props: {
  readonly id: string;
  readonly name: string;
  readonly help?: string;
  readonly longest: number;
  readonly value: string;
  readonly onInput: (text: string) => void;
}) {
  const { id, name, help, longest, value, onInput } = props;
  return (
    <div class="field">
      <label for={id}>{name}</label>
      <input
        id={id}
        class="input"
        dir="auto"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        maxLength={longest}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        {...(help === undefined ? {} : { 'aria-describedby': `${id}-help` })}
      />
      {help !== undefined && (
        <p id={`${id}-help`} class="quiet small">
          {help}
        </p>
      )}
    </div>
  );
}
