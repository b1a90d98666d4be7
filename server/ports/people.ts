import type { Membership, Role } from '../../contract/operator.ts';
import type { OrgName } from './issuer-name.ts';

export interface Person {
  readonly operator: string;
  readonly name: string;
  readonly about: string;
  /** Role shown in the choice of demo persons; null for people who sign in otherwise. */
  readonly demoRole: Role | null;
  readonly revokedAt: string | null;
}

export interface People {
  person(operator: string): Promise<Person | undefined>;
  people(): Promise<Person[]>;
  savePerson(person: Person): Promise<void>;
  revokePerson(operator: string, at: string): Promise<void>;
  memberships(operator: string): Promise<Membership[]>;
  saveMembership(operator: string, org: OrgName, role: Role): Promise<void>;
  /** False if the person was no member. */
  endMembership(operator: string, org: OrgName): Promise<boolean>;
  /** Who is somebody in the organisation and not revoked, by name. */
  membersOf(org: OrgName): Promise<{ operator: string; name: string; role: Role }[]>;
  /** Administrators of an organisation who are not revoked. */
  administrators(org: OrgName): Promise<string[]>;
}
