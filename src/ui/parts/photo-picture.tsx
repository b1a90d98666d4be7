import { useEffect, useState } from 'preact/hooks';
import { useModel } from '../model-context.ts';

/** A photo whose bytes are on this phone; nothing where they are not. */
export function PhotoPicture({ digest, alt }: { readonly digest: string; readonly alt: string }) {
  const model = useModel();
  const [data, setData] = useState<Uint8Array | undefined>();
  // bytes of a digest never change
  useEffect(() => {
    void model.ports.photos().then(async ({ store }) => setData(await store.data(digest)));
  }, [digest]);
  return data === undefined ? null : <Picture data={data} alt={alt} />;
}

export function Picture({ data, alt }: { readonly data: Uint8Array; readonly alt: string }) {
  const [url, setUrl] = useState<string | undefined>();
  // one URL for as long as it is shown
  useEffect(() => {
    const url = URL.createObjectURL(new Blob([Uint8Array.from(data)], { type: 'image/jpeg' }));
    setUrl(url);
    return () => URL.revokeObjectURL(url);
  }, [data]);
  return url === undefined ? null : <img class="photo" src={url} alt={alt} />;
}
