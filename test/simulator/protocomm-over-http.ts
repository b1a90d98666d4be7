import type { Endpoints } from '../../src/device/protocols/protocomm/gatt-endpoints.ts';
import { DeviceError } from '../../src/ports/device.ts';

/** As Espressif's client speaks (tools/esp_prov/transport/transport_http.py): a POST for each request, the cookie kept. */
export function overHttp(port: number): Endpoints {
  let cookie: string | undefined;
  return {
    lost: new AbortController().signal,
    has: () => true,
    async exchange(name, request) {
      const headers = {
        'Content-type': 'application/x-www-form-urlencoded',
        Accept: 'text/plain',
        ...(cookie === undefined ? {} : { Cookie: cookie }),
      };
      const body = new Uint8Array(request);
      const response = await fetch(`http://127.0.0.1:${port}/${name}`, { method: 'POST', headers, body });
      cookie = response.headers.get('set-cookie') ?? cookie;
      if (response.status !== 200) throw new DeviceError('device_refused', 'http');
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}
