import { useState } from 'preact/hooks';
import type { HeldRecord } from '../../../contract/approval.ts';
import { nameOfHeld } from '../held-name.ts';
import { useModel } from '../model-context.ts';
import { deskWords as say } from '../words/desk.ts';
import { number, when } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';
import { fieldTroubleWords } from '../words/field-trouble.ts';
import { recordWords } from '../words/record.ts';
import { Button } from './button.tsx';
import { DeskPhotos } from './desk-photos.tsx';
import { Facts } from './facts.tsx';
import { HeldEvidence } from './held-evidence.tsx';
import { NameText } from './name-text.tsx';
import { ReasonField } from './reason-field.tsx';

export type Decide = (record: HeldRecord, decision: 'approve' | 'refuse', reason: string) => Promise<void>;

/** One record that waits for a person: first what is wrong with it, then what is known, then the decision. */
export function HeldCard(props: {
  readonly org: string;
  readonly record: HeldRecord;
  readonly decide: Decide;
}) {
  const { record, org } = props;
  const { row, evidence } = record;
  const title = `held-${record.record}`;
  return (
    <article class="card" data-held={record.record} aria-labelledby={title}>
      <h3
        id={title}
        class={record.kind === 'site' ? 'row-title' : 'row-title mono'}
        dir={record.kind === 'site' ? 'auto' : 'ltr'}
      >
        {nameOfHeld(record)}
      </h3>
      <Why record={record} />
      <Facts
        of={[
          [fieldWords.desk.row.claimant, record.claimant],
          [say.model, record.model],
          [recordWords.domain, row === 'own' ? undefined : domainOf(record)],
          [say.place, placeOf(record)],
          [say.where, locationOf(record)],
          [
            recordWords.captured,
            `${when(Date.parse(record.capturedAt))}. ${fieldWords.desk.by(record.operatorName)}`,
          ],
        ]}
      />
      {record.kind === undefined && (
        <p class="quiet small">{fieldWords.check.possession[record.possession]}</p>
      )}
      {evidence !== undefined && <HeldEvidence evidence={evidence} />}
      {row !== 'own' && <DeskPhotos org={org} record={record.record} udid={nameOfHeld(record)} />}
      <Decision {...props} />
    </article>
  );
}

/** Why it is held: the failed checks by name, the installer's reason, the rules' own words, and where the device is bound already. */
function Why({ record }: { readonly record: HeldRecord }) {
  const { code, check, because, detail, stands } = record;
  const failed = record.evidence?.checks.flatMap((one) => (one.result === 'failed' ? [one] : [])) ?? [];
  const known = new Set<string | undefined>(failed.map((one) => one.code));
  return (
    <section class="stack-s">
      {asksOf(record) !== undefined && (
        <p>
          <strong dir="auto">{asksOf(record)}</strong>
        </p>
      )}
      <p>{whatIsHeld(record)}</p>
      {(failed.length > 0 || check !== undefined) && (
        <>
          <h4>{say.failed}</h4>
          <ul class="checks">
            {failed.map((one) => (
              <li key={one.check} data-check={one.code ?? one.check}>
                <strong>{fieldWords.check.names[one.check]}</strong>
                {one.code !== undefined && <p>{fieldTroubleWords(one.code).what}</p>}
              </li>
            ))}
            {check !== undefined && !known.has(check) && (
              <li data-check={check}>{fieldTroubleWords(check).what}</li>
            )}
          </ul>
        </>
      )}
      {(code === 'submitted_as_found' || (record.kind !== undefined && because !== undefined)) && (
        <p>
          <strong>{say.because}: </strong>
          <bdi>{because ?? say.noReason}</bdi>
        </p>
      )}
      {stands !== undefined && (
        <p class="badge" data-tone="wait">
          {say.stands(
            [stands.domainTitle ?? stands.domain, stands.siteTitle ?? stands.site, stands.position]
              .filter((part) => part !== undefined)
              .join(', '),
            when(Date.parse(stands.boundAt)),
          )}
        </p>
      )}
      {detail !== undefined && code !== 'submitted_as_found' && (
        <p class="quiet small">
          {say.rules}: {detail}
        </p>
      )}
    </section>
  );
}

/** What the record asks for, where it is no registration. */
function asksOf({ kind, siteTitle = '', siteWas }: HeldRecord): string | undefined {
  if (kind === undefined) return undefined;
  return kind === 'site' ? say.asks.site(siteTitle, siteWas) : say.asks[kind];
}

/** Said to whoever decides, not to whoever submitted it. */
function whatIsHeld({ row, code }: HeldRecord): string {
  if (row !== undefined) return fieldWords.desk.row[row];
  return code === 'submitted_as_found' ? say.asFound : fieldTroubleWords(code).what;
}

function Decision({ record, decide }: { readonly record: HeldRecord; readonly decide: Decide }) {
  const model = useModel();
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  if (model.enrolment.value?.credential.name === record.operatorName)
    return <p class="quiet">{fieldWords.desk.own}</p>;
  const settle = async (decision: 'approve' | 'refuse') => {
    setBusy(true);
    await decide(record, decision, reason.trim());
    setBusy(false);
  };
  const name = nameOfHeld(record);
  const approve = record.row === 'own' ? fieldWords.desk.row.release : fieldWords.desk.approve;
  return (
    <>
      <ReasonField id={`reason-${record.record}`} of={name} value={reason} onChange={setReason} />
      <div class="two">
        <Button
          busy={busy}
          disabled={reason.trim() === '' || record.row === 'elsewhere'}
          of={name}
          onClick={() => void settle('approve')}
        >
          {approve}
        </Button>
        <Button
          kind="danger"
          busy={busy}
          disabled={reason.trim() === ''}
          of={name}
          onClick={() => void settle('refuse')}
        >
          {fieldWords.desk.refuse}
        </Button>
      </div>
    </>
  );
}

function domainOf({ domain, domainTitle }: HeldRecord) {
  return (
    <>
      {domainTitle !== undefined && <bdi>{domainTitle}</bdi>} <NameText text={domain} />
    </>
  );
}

function placeOf({ site, siteTitle, position }: HeldRecord): string | undefined {
  const parts = [siteTitle ?? site, position].filter((part) => part !== undefined && part !== '');
  return parts.length === 0 ? undefined : parts.join(', ');
}

function locationOf({ location }: HeldRecord): string | undefined {
  if (location === undefined) return undefined;
  const { latitude, longitude, accuracyMetres } = location;
  return say.location(latitude.toFixed(5), longitude.toFixed(5), number.format(Math.round(accuracyMetres)));
}
