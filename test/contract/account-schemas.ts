import type { TSchema } from 'typebox/type';
import * as account from '../../contract/account.ts';
import { API } from '../../contract/api.ts';
import * as made from '../support/records.ts';

const at = '2026-01-01T00:00:00.000Z';
const token = 'A'.repeat(43);
const because = { because: 'lost' };
const passkey = { id: 'AA', label: 'Chrome on Android', madeAt: at, usedAt: at, backedUp: true };
const phone = { kid: made.digest(1), reportedAt: at, unsent: 2, revokedAt: at };
const open = {
  ...{ id: made.recordId(1), kind: 'join', name: 'Ines', role: 'installer', by: 'Anna' },
  ...{ madeAt: at, expiresAt: at, waits: true },
};
const credential = { id: 'AA', rawId: 'AA', type: 'public-key', clientExtensionResults: {} };
const answer = {
  ...credential,
  response: { clientDataJSON: 'AA', authenticatorData: 'AA', signature: 'AA', userHandle: 'AA' },
};
const registered = {
  ...credential,
  response: { clientDataJSON: 'AA', attestationObject: 'AA', transports: ['internal'] },
};

/** What people and their accounts are spoken of with, with all optional parts present. */
export const ACCOUNT_CASES: Record<string, { readonly schema: TSchema; readonly value: object }> = {
  RegistrationOptions: {
    schema: account.RegistrationOptions,
    value: {
      rp: { id: 'field.example', name: 'Fieldbind' },
      user: { id: 'AA', name: 'Ines', displayName: 'Ines' },
      challenge: 'AA',
      pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
      timeout: 600_000,
      excludeCredentials: [{ id: 'AA', type: 'public-key', transports: ['usb'] }],
      authenticatorSelection: {
        residentKey: 'required',
        requireResidentKey: true,
        userVerification: 'required',
      },
      attestation: 'none',
    },
  },
  SignInChallenge: {
    schema: account.SignInChallenge,
    value: {
      ...{ rpId: 'field.example', challenge: 'AA', timeout: 600_000 },
      ...{ userVerification: 'required', allowCredentials: [] },
    },
  },
  PasskeySignIn: { schema: account.PasskeySignIn, value: { response: answer } },
  OwnPasskeys: { schema: account.OwnPasskeys, value: { passkeys: [passkey] } },
  PasskeyName: { schema: account.PasskeyName, value: { id: 'AA' } },
  InvitationRead: { schema: account.InvitationRead, value: { token } },
  InvitationShown: {
    schema: account.InvitationShown,
    value: {
      ...{ kind: 'join', name: 'Ines', org: made.ORG, title: 'Northfield', role: 'installer' },
      ...{ by: 'Anna', expiresAt: at },
    },
  },
  InvitationAccept: {
    schema: account.InvitationAccept,
    value: { token, name: 'Ines', org: { name: made.ORG, title: 'Northfield' } },
  },
  InvitationTake: { schema: account.InvitationTake, value: { token, response: registered } },
  InvitationLink: {
    schema: account.InvitationLink,
    value: {
      id: made.recordId(1),
      link: 'https://field.example/join#x',
      expiresAt: at,
      waits: true,
      mailed: true,
    },
  },
  OwnPhones: {
    schema: account.OwnPhones,
    value: { phones: [{ ...phone, enrolledAt: at }] },
  },
  OwnPhoneEnd: { schema: API.endOwnPhone.body, value: because },
  OrgPeople: {
    schema: account.OrgPeople,
    value: {
      people: [
        {
          ...{ operator: 'ines', name: 'Ines', role: 'installer', passkeys: 1, sessions: 2 },
          ...{ lastSeenAt: at, phones: [phone] },
        },
      ],
      invitations: [open],
    },
  },
  Invite: {
    schema: account.Invite,
    value: { name: 'Ines', role: 'installer', operator: 'ines', email: 'ines@example.org' },
  },
  RoleChange: { schema: account.RoleChange, value: { role: 'support', ...because } },
  PhoneEnd: { schema: account.PhoneEnd, value: because },
  InstalledOrgs: {
    schema: account.InstalledOrgs,
    value: {
      orgs: [{ name: made.ORG, title: 'Northfield', training: false, people: 3, administrators: ['Anna'] }],
      recoveries: [open],
    },
  },
  NewOrg: {
    schema: account.NewOrg,
    value: { name: made.ORG, title: 'Northfield', administrator: 'Anna' },
  },
  AdministratorInvite: { schema: account.AdministratorInvite, value: { name: 'Anna' } },
  Recovery: { schema: account.Recovery, value: because },
  InstallationChange: { schema: account.InstallationChange, value: { isOne: true, ...because } },
};
