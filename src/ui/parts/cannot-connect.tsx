import { useModel } from '../model-context.ts';
import { cannotConnectWords } from '../words/cannot-connect.ts';
import { Icon } from './icon.tsx';

/** What this browser cannot do is said before anybody walks to a device with it. Nothing where it has a cable or Bluetooth. */
export function CannotConnect() {
  const { links } = useModel().ports;
  const { serial, usb, bluetooth } = links.availableLinks();
  if (serial || usb || bluetooth) return null;
  const { what, next } = cannotConnectWords[isSecureContext ? 'browser' : 'insecure'];
  return (
    <section class="card" data-tone="wait" data-part="cannot-connect">
      <h2>
        <Icon name="alert" size={22} /> {what}
      </h2>
      <p>{next}</p>
    </section>
  );
}
