import { Icon, Mark } from '../parts/icon.tsx';
import { words } from '../words/en.ts';

/** Opened over plain HTTP from another machine, a page gets no keys, no camera and no devices. Say so, and what helps. */
export function InsecureScreen() {
  return (
    <main class="page">
      <div class="brand">
        <Mark size={44} />
        <span>{words.app}</span>
      </div>
      <div class="page-head">
        <h1>{words.insecure.title}</h1>
        <p class="quiet">{words.insecure.why}</p>
      </div>
      <section class="card" data-code="insecure_origin">
        <h2>
          <Icon name="cable" size={22} /> {words.insecure.cableTitle}
        </h2>
        <p>{words.insecure.cable}</p>
        <p class="mono">adb reverse tcp:4600 tcp:4600</p>
        <h2>
          <Icon name="shield" size={22} /> {words.insecure.tlsTitle}
        </h2>
        <p>{words.insecure.tls}</p>
        <p class="mono">FIELDBIND_TLS_CERT, FIELDBIND_TLS_KEY</p>
      </section>
    </main>
  );
}
