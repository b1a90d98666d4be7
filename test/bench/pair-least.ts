import { encode } from 'cborg';
import { concat, utf8 } from '../../core/bytes.ts';
import { challenge } from '../../src/device/drivers/esp-claim/challenge.ts';
import { Claim } from '../../src/device/drivers/esp-claim/claim.ts';
import { encodeBluetoothRpc, IMPROV_SERVICE } from '../../src/device/drivers/improv/bluetooth-wifi.ts';
import { encodeBcp } from '../../src/device/protocols/bcp/bcp-frame.ts';
import { COMMAND, commandMessage, timestampMessage } from '../../src/device/protocols/bcp/bcp-message.ts';
import { encodeImprov, FRAME } from '../../src/device/protocols/improv/improv-frame.ts';
import { RPC, rpc } from '../../src/device/protocols/improv/improv-rpc.ts';
import { askVersion, ProtocommClient } from '../../src/device/protocols/protocomm/client.ts';
import { openGattEndpoints } from '../../src/device/protocols/protocomm/gatt-endpoints.ts';
import { encodeConsoleSmp } from '../../src/device/protocols/smp-console.ts';
import { SMP_CHARACTERISTIC, SMP_SERVICE } from '../../src/device/protocols/smp-gatt.ts';
import { encodeSmp } from '../../src/device/protocols/smp-packet.ts';
import { CRYPTO, type Running } from '../ports/rig.ts';
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
function onSmp(piece: number, ...packets: readonly Uint8Array[]): Conversation['say'] {
  return async ({ link, settled }) => {
    if (link.shape !== 'gatt') throw new Error('Bluetooth is needed');
    const one = await link.characteristic(SMP_SERVICE, SMP_CHARACTERISTIC, signal);
    await one?.subscribe(() => undefined, signal);
    for (const packet of packets) {
      for (let at = 0; at < packet.length; at += piece)
        await one?.writeWithoutResponse(packet.subarray(at, at + piece), signal);
      await settled();
    }
  };
}

const shell = (command: string) => smp(9, 'write', { argv: command.split(' ') });
const readCsr = (name = 'csr.der') => smp(8, 'read', { off: 0, name: `/lfs1/credentials/${name}` });

/** What an ATT MTU leaves for a value. */
const LARGE = 244;
const SMALLEST = 20;

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

/** Only its chip's id has to be asked for: key and request come unasked at the start. */
const printed = onCable(utf8('hwinfo devid\r'));
const NRF = ['hwinfo devid', CSR, 'nrf_cloud_cred pubkey 42'];
/** Off the air, as a modem on it makes no key, and back. */
const MODEM = ['AT+CGSN', 'AT+CFUN=4', `AT%KEYGEN=16842753,2,0,"CN=352656100367872,OU=${UNIT}"`, 'AT+CFUN=1'];
/** Off the air already. Its request takes no subject, so that only a token can hold the challenge. */
const OLD_MODEM = ['AT+CGSN', 'AT%KEYGEN=16842753,2,0', `AT%JWT=0,0,"","${UNIT}",16842753,2`];

/** The state is read; what the firmware says of itself is asked for. */
const improvOnAir: Conversation['say'] = async ({ link, settled }) => {
  if (link.shape !== 'gatt') throw new Error('Bluetooth is needed');
  const [state, command, result] = await Promise.all(
    [1, 3, 4].map((number) =>
      link.characteristic(IMPROV_SERVICE, `${IMPROV_SERVICE.slice(0, -1)}${number}`, signal),
    ),
  );
  await result?.subscribe(() => undefined, signal);
  await state?.read(signal);
  await command?.write(encodeBluetoothRpc(rpc(RPC.info)), signal);
  await settled();
};

/** One for each rig. No protocol here makes its user wait for a silence: every question has its answer. */
export const LEAST: readonly Conversation[] = [
  { key: 'zephyr-cred', rig: 'tls_keygen on a console', say: printed },
  { key: 'zephyr-cred-unseen', rig: 'tls_keygen on a console without echo or colours', say: printed },
  {
    key: 'zephyr-cred-nrf',
    rig: 'nrf_cloud_cred on a console',
    say: onCable(...NRF.map((line) => utf8(`${line}\r`))),
  },
  {
    key: 'zephyr-cred-nrf-keygen',
    rig: 'nrf_cloud_cred on a console, without a key',
    // This image does not export its key, which is in the request.
    say: onCable(...['hwinfo devid', 'nrf_cloud_cred keygen 42', CSR].map((line) => utf8(`${line}\r`))),
  },
  {
    key: 'zephyr-cred-bluetooth',
    rig: 'nrf_cloud_cred over SMP on Bluetooth',
    say: onSmp(LARGE, ...NRF.map(shell)),
  },
  {
    key: 'zephyr-cred-bluetooth-small',
    rig: 'nrf_cloud_cred over SMP on Bluetooth, smallest MTU',
    say: onSmp(SMALLEST, ...NRF.map(shell)),
  },
  {
    key: 'smp-files',
    rig: 'files over SMP on a console',
    say: onCable(utf8('hwinfo devid\r'), encodeConsoleSmp(readCsr())),
  },
  {
    key: 'smp-files-bluetooth',
    rig: 'files over SMP on Bluetooth',
    say: onSmp(LARGE, shell('hwinfo devid'), readCsr()),
  },
  {
    key: 'smp-files-older',
    rig: 'files of the older layout, no hash command, small buffers',
    say: onCable(utf8('hwinfo devid\r'), encodeConsoleSmp(readCsr('client_csr.der'))),
  },
  { key: 'nordic-modem', rig: 'AT host', say: onCable(...MODEM.map((line) => utf8(`${line}\r\n`))) },
  {
    key: 'nordic-modem-older',
    rig: 'AT host of older modem firmware, LF',
    say: onCable(...OLD_MODEM.map((line) => utf8(`${line}\n`))),
  },
  {
    key: 'nordic-modem-shell',
    rig: 'modem behind a shell',
    say: onCable(...MODEM.map((line) => utf8(`at '${line}'\r`))),
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
  { key: 'esp-claim-security0', rig: 'Espressif, security 0', say: claiming },
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
  { key: 'improv-bluetooth', rig: 'Improv over Bluetooth', say: improvOnAir },
];
