import type { OrgName } from './issuer-name.ts';

/** What a machine client may be allowed to do. Nothing of it lets a device back in. */
export const CLIENT_RIGHTS = ['suspend', 'revoke', 'transfer'] as const;
export type ClientRight = (typeof CLIENT_RIGHTS)[number];

/** Another system that acts for one organisation: a CRM, a device management. Only SHA-256 of its token is stored. */
export interface Client {
  readonly name: string;
  readonly org: OrgName;
  readonly rights: readonly ClientRight[];
  readonly hash: string;
  readonly madeAt: string;
  readonly madeBy: string;
  readonly revokedAt: string | null;
}

export interface Clients {
  /** False if the name is taken. A name is never used again, since the audit trail contains it. */
  add(client: Client): Promise<boolean>;
  byHash(hash: string): Promise<Client | undefined>;
  clients(): Promise<Client[]>;
  /** False if the client does not exist or was revoked before. */
  revoke(name: string, at: string): Promise<boolean>;
}
