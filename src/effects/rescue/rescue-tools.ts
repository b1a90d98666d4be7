import type { RescueTools } from '../../ports/rescue.ts';
import { exportRecords, importFile, prepareRescue, type RescuePorts } from './rescue.ts';
import { codeAt, type TakePorts, takeRecord } from './take-record.ts';

/** Files and codes that carry records by hand, and support's look at the phones. */
export function rescueTools(ports: RescuePorts & TakePorts): RescueTools {
  return {
    exportRecords: (which) => exportRecords(ports, which),
    importFile: (text, onProgress) => importFile(text, ports.backend, onProgress),
    recordCode: (at) => codeAt(ports.outbox, at),
    takeRecord: (text) => takeRecord(ports, text),
    prepare: () => prepareRescue(ports),
    phones: ports.backend.phones,
  };
}
