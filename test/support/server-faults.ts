import { expect } from 'vitest';
import type { TestServer } from './server.ts';

/** Ends a test's server, which must have had no fault of its own. */
export async function closeFaultless(server: TestServer): Promise<void> {
  try {
    expect(server.faults).toEqual([]);
  } finally {
    await server.close();
  }
}
