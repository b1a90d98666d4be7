import { useEffect, useState } from 'preact/hooks';
import type { OwnNotices as Notices, NoticesChange, NoticeWish } from '../../../contract/notice.ts';
import { useModel } from '../model-context.ts';
import { useFound } from '../use-backend.ts';
import { when } from '../words/en.ts';
import { noticeTrouble, noticesWords as words } from '../words/notices.ts';
import { Button } from './button.tsx';
import type { SaidOf } from './said.tsx';
import { TextField } from './text-field.tsx';
import { TroubleCard } from './trouble.tsx';

/** What a person wants to be told of, in which way, and where. Alarms are for whoever may do something about them. */
export function OwnNotices({ said }: { readonly said: SaidOf }) {
  const model = useModel();
  const part = model.ports.notices;
  const told = useFound(part, ({ backend }) => backend.read());
  const { found: notices, trouble, busy, fail } = told;
  const [here, setHere] = useState<string | undefined>();
  const seesAlarms = model.orgsWith('manage_people').length > 0;
  const change = (wanted: NoticesChange) => told.change(({ backend }) => backend.change(wanted));

  // read once per visit
  useEffect(() => {
    void part().then(async ({ push }) => setHere(await push.here()));
  }, []);

  async function tellHere(key: string): Promise<boolean> {
    fail(undefined);
    const { push } = await part();
    const begun = await push.begin(key);
    if (typeof begun === 'string') {
      fail(begun);
      return false;
    }
    const isKept = await change({ subscribe: begun });
    setHere(await push.here());
    return isKept;
  }

  async function tellNoMore(id: string): Promise<void> {
    // The backend first: without signal nothing has happened, and it is tried again.
    if (!(await change({ unsubscribe: id })) || id !== here) return;
    await (await part()).push.end();
    setHere(undefined);
  }

  async function wish(next: NoticeWish, of: Notices): Promise<void> {
    const isToldNowhere = next.push && of.browsers.length === 0;
    // A wish that could reach no browser would be a promise that is not kept.
    if (isToldNowhere && !(await tellHere(of.pushKey))) return;
    if (await change({ wishes: [next] })) said.say(words.done.wishes);
  }

  if (notices === undefined)
    return trouble === undefined ? null : <TroubleCard code={trouble} words={noticeTrouble} />;
  const wishes = notices.wishes.filter(({ kind }) => kind !== 'alarm' || seesAlarms);
  const isHereTold = notices.browsers.some(({ id }) => id === here);
  return (
    <section class="card" data-section="notices">
      <h2>{words.title}</h2>
      <p class="quiet">{words.intro}</p>
      {trouble !== undefined && <TroubleCard code={trouble} words={noticeTrouble} />}
      {wishes.map((one) => (
        <Wish
          key={one.kind}
          wish={one}
          notices={notices}
          busy={busy}
          choose={(next) => void wish(next, notices)}
        />
      ))}
      {notices.mail ? (
        <MailAddress notices={notices} busy={busy} change={change} said={said} />
      ) : (
        <p class="quiet small">{words.noMail}</p>
      )}
      {notices.browsers.length > 0 && <h3>{words.devices}</h3>}
      {notices.browsers.map(({ id, label, madeAt }) => (
        <div class="stack-s item" key={id} data-browser={id === here ? 'own' : 'other'}>
          <p>
            {id === here && <strong>{words.here} </strong>}
            <span class="quiet small">{words.told(label, when(Date.parse(madeAt)))}</span>
          </p>
          <Button of={label} disabled={busy} onClick={() => void tellNoMore(id)}>
            {words.end}
          </Button>
        </div>
      ))}
      {notices.browsers.length > 0 && !isHereTold && (
        <Button disabled={busy} onClick={() => void tellHere(notices.pushKey)}>
          {words.tellHere}
        </Button>
      )}
    </section>
  );
}

function Wish(props: {
  readonly wish: NoticeWish;
  readonly notices: Notices;
  readonly busy: boolean;
  readonly choose: (next: NoticeWish) => void;
}) {
  const { wish, notices, busy, choose } = props;
  const [name, why] = words.kinds[wish.kind];
  return (
    <div class="stack-s item" data-wish={wish.kind}>
      <p>
        <strong>{name}</strong>
        <br />
        <span class="quiet small">{why}</span>
      </p>
      <fieldset class="filters" aria-label={name}>
        {notices.mail && (
          <button
            type="button"
            class="button"
            data-way="mail"
            aria-pressed={wish.mail}
            disabled={busy || (!wish.mail && notices.address === undefined)}
            onClick={() => choose({ ...wish, mail: !wish.mail })}
          >
            {words.mail} <span class="visually-hidden">{name}</span>
          </button>
        )}
        <button
          type="button"
          class="button"
          data-way="push"
          aria-pressed={wish.push}
          disabled={busy}
          onClick={() => choose({ ...wish, push: !wish.push })}
        >
          {words.push} <span class="visually-hidden">{name}</span>
        </button>
      </fieldset>
    </div>
  );
}

/** An address counts once a code that was sent there came back, so that nobody's box is filled by somebody else. */
function MailAddress(props: {
  readonly notices: Notices;
  readonly busy: boolean;
  readonly change: (change: NoticesChange) => Promise<boolean>;
  readonly said: SaidOf;
}) {
  const { notices, busy, change, said } = props;
  const { address, waiting } = notices;
  const [text, setText] = useState('');
  const [code, setCode] = useState('');
  const [isAsked, setAsked] = useState(false);
  const isWaiting = waiting !== undefined && !isAsked;
  return (
    <div class="stack-s item" data-part="mail-address">
      <p>{address === undefined ? words.noAddress : words.goesTo(address)}</p>
      {isWaiting ? (
        <>
          <TextField
            id="notice-code"
            label={words.code}
            help={words.codeHelp(waiting)}
            value={code}
            inputMode="numeric"
            maxLength={8}
            onText={setCode}
          />
          <div class="two">
            <Button
              disabled={busy || !/^\d{8}$/.test(code)}
              onClick={async () => {
                if (!(await change({ code }))) return;
                setCode('');
                said.say(words.done.address);
              }}
            >
              {words.confirm}
            </Button>
            <Button kind="plain" disabled={busy} onClick={() => setAsked(true)}>
              {words.another}
            </Button>
          </div>
        </>
      ) : address === undefined || isAsked ? (
        <>
          <TextField
            id="notice-address"
            label={words.address}
            value={text}
            inputMode="email"
            maxLength={254}
            onText={setText}
          />
          <Button
            disabled={busy || !text.includes('@')}
            onClick={async () => {
              if (!(await change({ address: text.trim() }))) return;
              setText('');
              setAsked(false);
            }}
          >
            {words.send}
          </Button>
        </>
      ) : (
        <div class="two">
          <Button disabled={busy} onClick={() => setAsked(true)}>
            {words.another}
          </Button>
          <Button
            kind="plain"
            disabled={busy}
            onClick={async () => {
              if (await change({ address: '' })) said.say(words.done.forgotten);
            }}
          >
            {words.forget}
          </Button>
        </div>
      )}
    </div>
  );
}
