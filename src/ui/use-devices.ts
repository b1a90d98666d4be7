import { useEffect, useState } from 'preact/hooks';
import type { DeviceAtPlace, DeviceQuery, SiteCount } from '../ports/devices.ts';
import { useModel } from './model-context.ts';

export interface FoundDevices {
  readonly rows: readonly DeviceAtPlace[];
  readonly of: number;
}

/** What a list shows, read again whenever the outbox changes; undefined until the first answer, or where nothing is asked. */
export function useDevices(query: DeviceQuery | undefined): FoundDevices | undefined {
  const model = useModel();
  const [found, setFound] = useState<FoundDevices | undefined>();
  const version = model.outboxVersion.value;
  const asked = JSON.stringify(query);
  // the version says when the outbox changed
  useEffect(() => {
    let isCurrent = true;
    if (query === undefined) setFound(undefined);
    else
      void model.ports.devices.find(query).then((next) => {
        if (isCurrent) setFound(next);
      });
    return () => {
      isCurrent = false;
    };
  }, [model, asked, version]);
  return found;
}

/** One device, as it is now; null where there is none. */
export function useDevice(org: string, udid: string): DeviceAtPlace | null | undefined {
  const model = useModel();
  const [device, setDevice] = useState<DeviceAtPlace | null | undefined>();
  const version = model.outboxVersion.value;
  useEffect(() => {
    let isCurrent = true;
    void model.ports.devices.device(org, udid).then((found) => {
      if (isCurrent) setDevice(found ?? null);
    });
    return () => {
      isCurrent = false;
    };
  }, [model, org, udid, version]);
  return device;
}

/** Sites where devices stand; they come after what needs somebody. */
export function useSites(): readonly SiteCount[] {
  const model = useModel();
  const [sites, setSites] = useState<readonly SiteCount[]>([]);
  const version = model.outboxVersion.value;
  useEffect(() => {
    let isCurrent = true;
    void model.ports.devices.sites().then((found) => {
      if (isCurrent) setSites(found);
    });
    return () => {
      isCurrent = false;
    };
  }, [model, version]);
  return sites;
}
