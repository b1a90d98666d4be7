import type { DeviceSession } from '../../../ports/device.ts';
import type { At } from '../../protocols/at/at.ts';
import { AtLine } from '../../protocols/at/at-line.ts';
import { AtShell } from '../../protocols/at/at-shell.ts';
import { greet } from '../../protocols/greeting.ts';
import { LineShell } from '../../protocols/line-shell.ts';
import { Transcript } from '../../protocols/transcript.ts';
import type { Driver } from '../driver.ts';
import { Modem } from './modem.ts';
import { NORDIC_MODEM, NordicModemSession } from './session.ts';

/** nRF91 modem firmware by AT commands over a cable: straight, or through a shell's `at`. */
export const nordicModem: Driver = {
  name: NORDIC_MODEM,
  bluetoothServices: [],
  async detect(link, context, signal) {
    if (link.shape !== 'bytes') return undefined;
    const seen = new Transcript();
    const release = link.listen((chunk) => seen.add(chunk));
    let session: DeviceSession | undefined;
    try {
      const line = new AtLine(link, seen, context.clock);
      const heard = await greet(link, NORDIC_MODEM, context.clock, signal);
      if (heard !== 'modem' && heard !== 'shell') return undefined;
      const found = await line.wake(signal);
      if (found === 'neither') return undefined;
      const at =
        found === 'modem'
          ? await ofNordic(line, signal)
          : await behindShell(new LineShell(link, seen, context.clock), signal);
      if (at === undefined) return undefined;
      session = new NordicModemSession({ link, modem: new Modem(at), release }, context);
      return session;
    } finally {
      if (session === undefined) release();
    }
  },
};

/** Every modem has AT+CGSN; the rest of what we say is Nordic's own. */
const WHOSE = 'AT+CGMI';
const NORDIC = /Nordic/;

async function ofNordic(line: AtLine, signal: AbortSignal): Promise<At | undefined> {
  return (await line.isMadeBy(NORDIC, WHOSE, signal)) ? line : undefined;
}

async function behindShell(shell: LineShell, signal: AbortSignal): Promise<At | undefined> {
  if (!(await shell.wake(signal))) return undefined;
  const output = await shell.run("at 'AT+CGSN'", signal);
  if (!/(?:^|[\r\n])[ \t]*\d{15}[ \t]*[\r\n]+[ \t]*OK/.test(output)) return undefined;
  const at = new AtShell(shell);
  const reply = await at.run(WHOSE, signal);
  return reply.ok && NORDIC.test(reply.text) ? at : undefined;
}
