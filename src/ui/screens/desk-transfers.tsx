import { useEffect, useState } from 'preact/hooks';
import type { TransferState } from '../../../contract/transfer.ts';
import { failureCode } from '../../effects/trouble.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { Facts } from '../parts/facts.tsx';
import { NameText } from '../parts/name-text.tsx';
import { ReasonField } from '../parts/reason-field.tsx';
import { TroubleCard } from '../parts/trouble.tsx';
import { when } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';
import { recordWords } from '../words/record.ts';

const say = fieldWords.desk.transfers;

/** Claims of others on this organisation's devices: given up by two persons, or refused by one. */
export function DeskTransfers({ org, onDecided }: { readonly org: string; readonly onDecided: () => void }) {
  const model = useModel();
  const { desk } = model.ports;
  const [transfers, setTransfers] = useState<readonly TransferState[]>([]);
  const [trouble, setTrouble] = useState<string | undefined>();
  const load = async () => {
    const answer = await model.ask(desk, (at) => at.transfers(org));
    if (answer.ok) setTransfers(answer.value);
    else setTrouble(failureCode(answer.failure));
  };
  // read once per visit and organisation
  useEffect(() => {
    void load();
  }, [org]);
  const decide = async (id: string, decision: 'give_up' | 'refuse', because: string) => {
    const answer = await model.act(desk, (at) => at.decideTransfer(org, id, decision, because));
    setTrouble(answer.ok ? undefined : failureCode(answer.failure));
    await load();
    if (answer.ok && answer.value !== 'offered') onDecided();
  };
  if (transfers.length === 0 && trouble === undefined) return null;
  return (
    <section class="stack-s" data-section="transfers">
      <h2>{say.title}</h2>
      {trouble !== undefined && <TroubleCard code={trouble} />}
      {transfers.map((transfer) => (
        <TransferCard key={transfer.id} transfer={transfer} decide={decide} />
      ))}
    </section>
  );
}

function TransferCard(props: {
  readonly transfer: TransferState;
  readonly decide: (id: string, decision: 'give_up' | 'refuse', because: string) => Promise<void>;
}) {
  const { transfer, decide } = props;
  const { id, udid, claimant, domain, site, openedAt, offered } = transfer;
  const model = useModel();
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const settle = async (decision: 'give_up' | 'refuse') => {
    setBusy(true);
    await decide(id, decision, reason.trim());
    setBusy(false);
  };
  const { suspended } = transfer;
  const stays = suspended === 'lost' || suspended === 'put_back';
  const mine = offered !== undefined && offered.by === model.enrolment.value?.credential.operator;
  const field = `because-${id}`;
  return (
    <article class="card" data-transfer={id}>
      <h3 class="row-title mono" dir="ltr">
        {udid}
      </h3>
      <p>{say.claims(claimant)}</p>
      <Facts
        of={[
          [recordWords.domain, <NameText text={domain} />],
          [fieldWords.place.site, site],
          [say.since, when(Date.parse(openedAt))],
          [say.offer, offered && say.offeredBy(offered.name, offered.because)],
        ]}
      />
      {stays && <p class="badge">{suspended === 'lost' ? say.lost : say.putBack}</p>}
      <p class="quiet small">{mine ? say.mine : offered === undefined ? say.first : say.second}</p>
      <ReasonField id={field} of={udid} value={reason} onChange={setReason} />
      <div class="two">
        <Button busy={busy} of={udid} disabled={reason.trim() === ''} onClick={() => void settle('refuse')}>
          {say.keep}
        </Button>
        <Button
          kind="danger"
          of={udid}
          busy={busy}
          disabled={reason.trim() === '' || stays || mine}
          onClick={() => void settle('give_up')}
        >
          {offered === undefined ? say.offerIt : say.giveUp}
        </Button>
      </div>
    </article>
  );
}
