import { toBase64Url } from '../../../core/bytes.ts';
import { photosNamed } from '../../phones/keep-photo.ts';
import { ProblemError } from '../problem.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';

/** Photos are uploaded in parts after their record, and are shown to members of its organisation. */
export function photoHandlers({
  installation,
  photos: photoIntake,
}: HttpParts): Pick<Handlers, 'photoPart' | 'photosOfRecord' | 'photo'> {
  const { stores } = installation;
  return {
    async photoPart({ session, body }) {
      const orgs = session.memberships.map(({ org }) => org);
      const result = await photoIntake.keepPart(body, { operator: session.operator, orgs });
      if (result.ok) return result.progress;
      switch (result.reason) {
        case 'not_named':
          throw new ProblemError('not_found');
        case 'too_large':
          throw new ProblemError('too_large');
        case 'unfit':
          throw new ProblemError('request_invalid', 'This is no part of that photo');
        case 'quota':
          throw new ProblemError(
            'unavailable',
            'There is no room for more photos of this organisation, or of yours in it',
          );
      }
    },

    async photosOfRecord({ query }) {
      const record = await stores.records.record(query.record);
      if (record?.header.org !== query.org) throw new ProblemError('not_found');
      const photos = [];
      for (const { digest, bytes } of photosNamed(record)) {
        const stored = await stores.photos.photo(query.org, digest);
        photos.push({ digest, bytes, here: (stored?.keptAt ?? null) !== null });
      }
      return { photos };
    },

    async photo({ params, query }) {
      const stored = await stores.photos.photo(query.org, params.digest);
      if ((stored?.keptAt ?? null) === null) throw new ProblemError('not_found');
      return { data: toBase64Url(await stores.photos.data(query.org, params.digest)) };
    },
  };
}
