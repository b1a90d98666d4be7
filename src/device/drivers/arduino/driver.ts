import { DeviceError, type DeviceSession } from '../../../ports/device.ts';
import { BcpClient } from '../../protocols/bcp/bcp-client.ts';
import { type BcpMessage, COMMAND } from '../../protocols/bcp/bcp-message.ts';
import { greet } from '../../protocols/greeting.ts';
import type { Driver } from '../driver.ts';
import { ARDUINO, ArduinoSession } from './session.ts';

/**
 * What other protocols' questions left in the board's header buffer makes it throw our first frame away with them
 * (PacketManager.cpp, handle_WaitingHeader), so the question is repeated.
 */
const ATTEMPTS = 3;
const ANSWER_MS = 900;

/**
 * Arduino boards with the Cloud provisioning sketch, by the board configuration protocol over a cable. The frames of
 * `detect` hold no quote, line end or letter sequence that a shell or an AT host would act on, and ask for a version only.
 */
export const arduino: Driver = {
  name: ARDUINO,
  bluetoothServices: [],
  async detect(link, context, signal) {
    if (link.shape !== 'bytes') return undefined;
    const client = new BcpClient(link, context.clock);
    let session: DeviceSession | undefined;
    try {
      if ((await greet(link, ARDUINO, context.clock, signal)) !== 'board') return undefined;
      const sketch = await askVersion(client, signal);
      if (sketch === undefined) return undefined;
      session = new ArduinoSession(link, client, context, sketch === '' ? undefined : sketch);
      return session;
    } finally {
      if (session === undefined) client.release();
    }
  },
};

/** The sketch's version; empty for a board that does not know this command; undefined for what is no board. */
async function askVersion(client: BcpClient, signal: AbortSignal): Promise<string | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await client.connect(signal);
    try {
      return await client.ask(COMMAND.sketchVersion, versionIn, signal, ANSWER_MS);
    } catch (error) {
      if (!(error instanceof DeviceError) || error.code !== 'timed_out') throw error;
    }
  }
  return undefined;
}

function versionIn(messages: readonly BcpMessage[]): string | undefined {
  const version = messages.find((message) => message.is === 'sketch-version');
  // A refusal is as good an answer: it came in a frame of this protocol.
  return version?.text ?? (messages.some((message) => message.is === 'status') ? '' : undefined);
}
