import { useState } from 'preact/hooks';
import { performWifi } from '../../effects/wifi-effects.ts';
import type { InstallFlow, InstallState } from '../../flow/install.ts';
import { type WifiFlowEvent, type WifiFlowState, wifi } from '../../flow/wifi.ts';
import { useModel } from '../model-context.ts';
import { Button } from '../parts/button.tsx';
import { DeviceHead } from '../parts/device-head.tsx';
import { FieldTroubleCard } from '../parts/field-trouble.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { useFlow } from '../use-flow.ts';
import { fieldWords } from '../words/field.ts';

type Choosing = Extract<WifiFlowState, { at: 'choose' }>;

const NO_NETWORKS: WifiFlowState = { at: 'choose', networks: [] };

/** The Wi-Fi of the device that is connected. Passwords go to it and are kept nowhere. */
export function WifiScreen(props: {
  readonly flow: InstallFlow;
  readonly state: Extract<InstallState, { at: 'wifi' }>;
}) {
  const { flow, state } = props;
  const model = useModel();
  const [now, wifiFlow] = useFlow(NO_NETWORKS, wifi, () => {
    const left = new AbortController();
    return {
      perform: (effect, send) => performWifi(model.ports.device, effect, left.signal, send),
      onEnter: ({ send }) => send({ on: 'scan_again' }),
      onLeave: () => left.abort(),
    };
  });
  const back = () => flow.send({ on: 'back' });
  return (
    <Page
      title={now.at === 'joined' ? fieldWords.wifi.joined : fieldWords.wifi.title}
      intro={now.at === 'joined' ? now.ssid : fieldWords.wifi.intro}
      onBack={back}
      actions={
        now.at === 'joined' ? (
          <Button kind="primary" onClick={back}>
            {fieldWords.check.next}
          </Button>
        ) : undefined
      }
    >
      <DeviceHead label={state.label} />
      {'trouble' in now && now.trouble !== undefined && <FieldTroubleCard code={now.trouble.code} />}
      {(now.at === 'scanning' || now.at === 'joining') && (
        <p class="card" role="status">
          <span>
            <Icon name="sync" spin />{' '}
            {now.at === 'scanning' ? fieldWords.wifi.looking : fieldWords.wifi.joining(now.ssid)}
          </span>
        </p>
      )}
      {now.at === 'choose' && <Choose state={now} send={wifiFlow.send} />}
    </Page>
  );
}

function Choose({
  state,
  send,
}: {
  readonly state: Choosing;
  readonly send: (event: WifiFlowEvent) => void;
}) {
  const [ssid, setSsid] = useState(state.tried);
  const [typing, setTyping] = useState(state.networks.length === 0);
  if (ssid !== undefined) {
    const needsPassword = state.networks.find((network) => network.ssid === ssid)?.needsPassword ?? true;
    return <Password ssid={ssid} needed={needsPassword} send={send} onOther={() => setSsid(undefined)} />;
  }
  if (typing) return <TypedName onName={setSsid} />;
  return (
    <>
      <ul class="list">
        {state.networks.map((network) => (
          <li key={network.ssid}>
            <button
              type="button"
              class="row"
              data-network={network.ssid}
              onClick={() => setSsid(network.ssid)}
            >
              <Icon name={network.needsPassword ? 'lock' : 'wifi'} />
              <span class="row-main">
                <span dir="auto">{network.ssid}</span>
                <span class="row-sub">{fieldWords.wifi.strength(network.rssi)}</span>
              </span>
              <Icon name="chevron" />
            </button>
          </li>
        ))}
      </ul>
      <Button icon="sync" onClick={() => send({ on: 'scan_again' })}>
        {fieldWords.wifi.again}
      </Button>
      <Button kind="plain" onClick={() => setTyping(true)}>
        {fieldWords.wifi.other}
      </Button>
    </>
  );
}

function TypedName({ onName }: { readonly onName: (ssid: string) => void }) {
  const [text, setText] = useState('');
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        onName(text);
      }}
    >
      <div class="field">
        <label for="wifi-name">{fieldWords.wifi.name}</label>
        <input
          id="wifi-name"
          class="input"
          dir="auto"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={32}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      <button type="submit" class="button" data-kind="primary" disabled={text === ''}>
        {fieldWords.check.next}
      </button>
    </form>
  );
}

function Password(props: {
  readonly ssid: string;
  readonly needed: boolean;
  readonly send: (event: WifiFlowEvent) => void;
  readonly onOther: () => void;
}) {
  const { ssid, needed, send, onOther } = props;
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        send({ on: 'join', ssid, password });
      }}
    >
      <p>
        <Icon name="wifi" size={20} /> <strong dir="auto">{ssid}</strong>
      </p>
      {needed && (
        <>
          <div class="field">
            <label for="wifi-password">{fieldWords.wifi.password}</label>
            <input
              id="wifi-password"
              class="input mono"
              dir="ltr"
              {...(shown ? { type: 'text' } : { type: 'password' })}
              autocapitalize="off"
              spellcheck={false}
              maxLength={64}
              value={password}
              onInput={(event) => setPassword(event.currentTarget.value)}
              aria-describedby="wifi-password-help"
            />
            <p id="wifi-password-help" class="quiet small">
              {fieldWords.wifi.passwordHelp}
            </p>
          </div>
          <Button onClick={() => setShown(!shown)}>
            {shown ? fieldWords.wifi.hide : fieldWords.wifi.show}
          </Button>
        </>
      )}
      <button type="submit" class="button" data-kind="primary" disabled={needed && password === ''}>
        {fieldWords.wifi.join}
      </button>
      <Button kind="plain" onClick={onOther}>
        {fieldWords.wifi.otherNetwork}
      </Button>
    </form>
  );
}
