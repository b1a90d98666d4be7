import type { DeviceIdentity } from '../../../ports/device.ts';
import type { Modem } from './modem.ts';

const LINE = /(?:^|[\r\n])[ \t]*([\w.+-]{2,64})[ \t]*(?:[\r\n]|$)/;

export interface ModemIdentity extends DeviceIdentity {
  readonly imei: string | undefined;
  readonly uuid: string | undefined;
}

/** IMEI, module UUID, model and firmware: read-only commands; what a firmware lacks is left out. */
export async function readIdentity(
  modem: Modem,
  driver: string,
  signal: AbortSignal,
): Promise<ModemIdentity> {
  const imei = await modem.ask('AT+CGSN', /(?:^|[\r\n])[ \t"]*(\d{15})"?[ \t]*(?:[\r\n]|$)/, signal);
  const found = await modem.ask('AT%XMODEMUUID', /%XMODEMUUID: ?"?([0-9A-Fa-f-]{36})/, signal);
  const uuid = found?.toLowerCase();
  const model = await modem.ask('AT+CGMM', LINE, signal);
  const firmware = await modem.ask('AT+CGMR', LINE, signal);
  return {
    driver,
    imei,
    uuid,
    ...(model === undefined ? {} : { model }),
    ...(firmware === undefined ? {} : { firmware }),
    // As UDIDs, and as the modem writes them: the firmware's own CSR subject is the bare UUID.
    aliases: [
      ...(imei === undefined ? [] : [`imei-${imei}`, imei]),
      ...(uuid === undefined ? [] : [`uuid-${uuid}`, uuid]),
    ],
  };
}
