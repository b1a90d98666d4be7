import { Icon, Mark } from '../parts/icon.tsx';
import { words } from '../words/en.ts';
import { insecureWords } from '../words/insecure.ts';

/** Opened over plain HTTP from another machine, a page gets no keys, no camera and no devices. Say so, and what helps. */
export function InsecureScreen() {
  return (
    <main class="page">
      <div class="brand">
        <Mark size={44} />
        <span>{words.app}</span>
      </div>
      <div class="page-head">
        <h1>{insecureWords.title}</h1>
        <p class="quiet">{insecureWords.why}</p>
      </div>
      <section class="card" data-code="insecure_origin">
        <h2>
          <Icon name="cable" size={22} /> {insecureWords.cableTitle}
        </h2>
        <p>{insecureWords.cable}</p>
        <p class="mono">adb reverse tcp:4600 tcp:4600</p>
        <h2>
          <Icon name="shield" size={22} /> {insecureWords.tlsTitle}
        </h2>
        <p>{insecureWords.tls}</p>
        <p class="mono">FIELDBIND_TLS_CERT, FIELDBIND_TLS_KEY</p>
      </section>
    </main>
  );
}
