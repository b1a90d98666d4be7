import { InvitationLink, OrgPeople } from '../../contract/account.ts';
import type { PeopleBackend } from '../ports/account.ts';
import { done, postJson, read, request } from './request.ts';

function at(org: string, ...parts: readonly string[]): string {
  return `/api/${parts.map(encodeURIComponent).join('/')}?${new URLSearchParams({ org })}`;
}

export const peopleClient: PeopleBackend = {
  people: async (org) => read(await request(at(org, 'people'), {}), OrgPeople),
  invite: async (org, invite) =>
    read(await request(at(org, 'invitations'), postJson(invite)), InvitationLink),
  answerInvitation: async (org, id, answer) =>
    done(await request(at(org, 'invitations', id, answer), postJson({}))),
  changeRole: async (org, operator, role, because) =>
    done(
      await request(
        at(org, 'people', operator, 'role'),
        postJson({ because, ...(role === undefined ? {} : { role }) }),
      ),
    ),
  endPhone: async (org, operator, kid, because) =>
    done(await request(at(org, 'people', operator, 'phones', kid), postJson({ because }))),
  endSessions: async (org, operator, because) =>
    done(await request(at(org, 'people', operator, 'sessions'), postJson({ because }))),
};
