import { encode } from 'cborg';
import { concat, utf8 } from '../../core/bytes.ts';
import { challenge } from '../../src/device/drivers/esp-claim/challenge.ts';
import { Claim } from '../../src/device/drivers/esp-claim/claim.ts';
import { encodeBcp } from '../../src/device/protocols/bcp/bcp-frame.ts';
import { COMMAND, commandMessage, timestampMessage } from '../../src/device/protocols/bcp/bcp-message.ts';
import { encodeImprov, FRAME } from '../../src/device/protocols/improv/improv-frame.ts';
import { RPC, rpc } from '../../src/device/protocols/improv/improv-rpc.ts';
import { askVersion, ProtocommClient } from '../../src/device/protocols/protocomm/client.ts';
import { openGattEndpoints } from '../../src/device/protocols/protocomm/gatt-endpoints.ts';
import { encodeConsoleSmp } from '../../src/device/protocols/smp-console.ts';
import { SMP_CHARACTERISTIC, SMP_SERVICE } from '../../src/device/protocols/smp-gatt.ts';
import { encodeSmp } from '../../src/device/protocols/smp-packet.ts';
import { CRYPTO, type Running } from '../ports/device-rigs.ts';
import { FakeClock } from '../support/device-clock.ts';
import type { Wire } from '../support/device-wire.ts';

/** The shortest conversation that ends with identity, key and request, by someone who knows the device beforehand. */
export interface Conversation {
  /** In the report. */
  readonly key: string;
  readonly rig: string;
  say(wire: Wire, device: Running): Promise<void>;
}

const signal = new AbortController().signal;
const UNIT = 'c5'.repeat(32);
const CSR = `nrf_cloud_cred csr 42 CN=mac-02a1b2c3d4e5,OU=${UNIT}`;

/** Each as one write on a cable, with the device's whole answer before the next. */
function onCable(...words: readonly Uint8Array[]): Conversation['say'] {
  return async ({ link, settled }) => {
    if (link.shape !== 'bytes') throw new Error('a cable is needed');
    link.listen(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    for (const word of words) {
      await link.write(word, signal);
      await settled();
    }
  };
}

/** SMP packets in the largest pieces that the link's MTU allows. */
function onSmp(...packets: readonly Uint8Array[]): Conversation['say'] {
  return async ({ link, settled }) => {
    if (link.shape !== 'gatt') throw new Error('Bluetooth is needed');
    const one = await link.characteristic(SMP_SERVICE, SMP_CHARACTERISTIC, signal);
    await one?.subscribe(() => undefined, signal);
    for (const packet of packets) {
      for (let at = 0; at < packet.length; at += 244)
        await one?.writeWithoutResponse(packet.subarray(at, at + 244), signal);
      await settled();
    }
  };
}

const shell = (command: string) => smp(9, 'write', { argv: command.split(' ') });
const readCsr = (off: number) => smp(8, 'read', { off, name: '/lfs1/credentials/csr.der' });

function smp(group: number, operation: 'read' | 'write', body: object): Uint8Array {
  return encodeSmp({ version: 1, operation, group, sequence: 0, command: 0, payload: encode(body) });
}

/** Version, handshake, one start, one request, one signature: none of them can be left out. */
const claiming: Conversation['say'] = async ({ link }, { visit }) => {
  if (link.shape !== 'gatt') throw new Error('Bluetooth is needed');
  const endpoints = await openGattEndpoints(link, new FakeClock(), signal);
  const version = endpoints === undefined ? undefined : await askVersion(endpoints, signal);
  if (endpoints === undefined || version === undefined) throw new Error('no protocomm');
  const client = new ProtocommClient(endpoints, version, CRYPTO.protocomm, () => visit.secret);
  const claim = new Claim(client);
  await claim.start(signal);
  await claim.request(visit.udid ?? 'mac-02a1b2c3d4e5', signal);
  await challenge(client, visit.challenge ?? new Uint8Array(32), signal);
};

export const LEAST: readonly Conversation[] = [
  {
    key: 'zephyr-cred',
    rig: 'tls_keygen on a console',
    // Key and request come unasked at the start; only its chip's id has to be asked for.
    say: onCable(utf8('hwinfo devid\r')),
  },
  {
    key: 'zephyr-cred-nrf',
    rig: 'nrf_cloud_cred on a console',
    say: onCable(...['hwinfo devid', CSR, 'nrf_cloud_cred pubkey 42'].map((line) => utf8(`${line}\r`))),
  },
  {
    key: 'zephyr-cred-bluetooth',
    rig: 'nrf_cloud_cred over SMP on Bluetooth',
    say: onSmp(...['hwinfo devid', CSR, 'nrf_cloud_cred pubkey 42'].map(shell)),
  },
  {
    key: 'smp-files',
    rig: 'files over SMP on a console',
    say: onCable(utf8('hwinfo devid\r'), encodeConsoleSmp(readCsr(0))),
  },
  {
    key: 'smp-files-bluetooth',
    rig: 'files over SMP on Bluetooth',
    say: onSmp(shell('hwinfo devid'), readCsr(0)),
  },
  {
    key: 'nordic-modem',
    rig: 'AT host',
    say: onCable(
      ...['AT+CGSN', 'AT+CFUN=4', `AT%KEYGEN=16842753,2,0,"CN=352656100367872,OU=${UNIT}"`, 'AT+CFUN=1'].map(
        (line) => utf8(`${line}\r\n`),
      ),
    ),
  },
  {
    key: 'arduino',
    rig: 'Arduino board',
    say: onCable(
      encodeBcp('control', Uint8Array.of(1)),
      encodeBcp('data', timestampMessage(1_760_000_000)),
      encodeBcp('data', commandMessage(COMMAND.getId)),
    ),
  },
  { key: 'esp-claim', rig: 'Espressif, security 1', say: claiming },
  { key: 'esp-claim-security2', rig: 'Espressif, security 2', say: claiming },
  {
    // Nothing to bind: from connected to what it says of itself and of its Wi-Fi.
    key: 'improv',
    rig: 'Improv on a cable',
    say: onCable(
      concat(...[RPC.requestState, RPC.info].map((command) => encodeImprov(FRAME.rpc, rpc(command)))),
    ),
  },
];
