import { fromUtf8 } from '../../../../core/bytes.ts';
import type { SecurityVersion } from './session-data.ts';

/** What `proto-ver` says: which security the firmware was built with, and what else it can do. */
export interface ProtocommVersion {
  readonly security: SecurityVersion;
  readonly patch: number;
  /** False where the firmware was built without a secret (`no_pop`). */
  readonly needsSecret: boolean;
  /** Versions of the applications that speak over it, such as `rmaker`. */
  readonly apps: ReadonlyMap<string, string>;
}

/** The request that Espressif's client sends; the endpoint ignores it (tools/esp_prov/esp_prov.py, get_version). */
export const VERSION_REQUEST = '---';

const LONGEST = 1024;

/** Undefined if the answer is not protocomm's JSON, as with the plain text of firmware before 2019. */
export function readVersion(answer: Uint8Array): ProtocommVersion | undefined {
  const text = answer.length > LONGEST ? undefined : fromUtf8(answer);
  const root = text === undefined ? undefined : objectOf(text);
  const prov = root === undefined ? undefined : asObject(root.prov);
  if (root === undefined || prov === undefined) return undefined;
  const capabilities = Array.isArray(prov.cap) ? prov.cap : [];
  // Before `sec_ver` existed there were 0 and 1, told apart by a capability (esp_prov.py, get_sec_patch_ver and main).
  const security = prov.sec_ver ?? (capabilities.includes('no_sec') ? 0 : 1);
  if (security !== 0 && security !== 1 && security !== 2) return undefined;
  const patch = prov.sec_patch_ver ?? 0;
  if (typeof patch !== 'number' || !Number.isInteger(patch) || patch < 0) return undefined;
  const needsSecret = security === 2 || (security === 1 && !capabilities.includes('no_pop'));
  const apps = Object.entries(root).flatMap(([name, value]) => {
    const version = asObject(value)?.ver;
    return name !== 'prov' && typeof version === 'string' && /^[\w.+-]{1,32}$/.test(version)
      ? [[name, version] as const]
      : [];
  });
  return { security, patch, needsSecret, apps: new Map(apps) };
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
