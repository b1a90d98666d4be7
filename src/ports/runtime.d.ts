// What only a page has and a port hands through. Pure code may hold it and can do nothing with it.

interface Blob {
  readonly size: number;
  readonly type: string;
}

interface HTMLVideoElement {
  readonly videoWidth: number;
  readonly videoHeight: number;
}
