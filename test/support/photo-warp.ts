/** A grey picture, 8 bits, row by row. */
export interface Grey {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** How a camera sees a label lying before it. */
export interface View {
  readonly width: number;
  readonly height: number;
  /** Part of the picture's shorter side that the label fills. */
  readonly size: number;
  /** Degrees: turned in its plane; tilted back about the horizontal and about the vertical axis. */
  readonly turn: number;
  readonly tiltX: number;
  readonly tiltY: number;
  /** Of the label's middle from the picture's, as parts of its width and height. */
  readonly shiftX: number;
  readonly shiftY: number;
  /** Standard deviation of the focus blur, pixels. */
  readonly blur: number;
  /** Length of the motion blur along the rows, pixels. */
  readonly motion: number;
  /** Brightness at the left edge and at the right edge; 1 leaves it as it is. */
  readonly light: readonly [number, number];
  /** Amplitude of the sensor's noise, of 255. */
  readonly noise: number;
  readonly seed: number;
}

export const STRAIGHT: View = {
  width: 1280,
  height: 720,
  size: 0.7,
  turn: 0,
  tiltX: 0,
  tiltY: 0,
  shiftX: 0,
  shiftY: 0,
  blur: 0,
  motion: 0,
  light: [1, 1],
  noise: 0,
  seed: 1,
};

const SURROUND = 120;
/** Distance of the eye in shorter sides: as near as a phone is held, so that tilt shows as perspective. */
const EYE = 2;

/** The label as seen by the camera: perspective, then blur, then light and noise. The same view gives the same picture. */
export function photograph(label: Grey, view: View): Grey {
  const { width, height } = view;
  const seen = project(label, view);
  const blurred = motionBlur(gaussianBlur(seen, width, height, view.blur), width, height, view.motion);
  const random = generator(view.seed);
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const light = view.light[0] + ((view.light[1] - view.light[0]) * x) / width;
      const value = (blurred[y * width + x] ?? 0) * light + (random() + random() - 1) * view.noise;
      pixels[y * width + x] = Math.min(255, Math.max(0, value));
    }
  }
  return { pixels, width, height };
}

/** Casts a ray through each quarter of a pixel onto the label's plane. */
function project(label: Grey, view: View): Float32Array<ArrayBuffer> {
  const { width, height } = view;
  const out = new Float32Array(width * height);
  const short = Math.min(width, height);
  const scale = Math.max(label.width, label.height) / (view.size * short);
  const [turn, tiltX, tiltY] = [view.turn, view.tiltX, view.tiltY].map(
    (degrees) => (degrees * Math.PI) / 180,
  );
  const across = axis(1, 0, turn, tiltX, tiltY);
  const down = axis(0, 1, turn, tiltX, tiltY);
  const eye = EYE * short;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const [fx, fy] of QUARTERS) {
        const px = x + fx - width * (0.5 + view.shiftX);
        const py = y + fy - height * (0.5 + view.shiftY);
        // Solves eye-ray = u * across + v * down, seen from (0, 0, -eye): two equations in u and v.
        const a = across[0] - (px * across[2]) / eye;
        const b = down[0] - (px * down[2]) / eye;
        const c = across[1] - (py * across[2]) / eye;
        const d = down[1] - (py * down[2]) / eye;
        const det = a * d - b * c;
        const u = ((px * d - b * py) / det) * scale + label.width / 2;
        const v = ((a * py - px * c) / det) * scale + label.height / 2;
        const inside = u >= 0 && v >= 0 && u < label.width && v < label.height;
        sum += inside ? (label.pixels[Math.floor(v) * label.width + Math.floor(u)] ?? 0) : SURROUND;
      }
      out[y * width + x] = sum / QUARTERS.length;
    }
  }
  return out;
}

const QUARTERS = [
  [0.25, 0.25],
  [0.75, 0.25],
  [0.25, 0.75],
  [0.75, 0.75],
] as const;

/** Where a unit vector of the label's plane points after turning and tilting: x, y, and away from the eye. */
function axis(x: number, y: number, turn = 0, tiltX = 0, tiltY = 0): readonly [number, number, number] {
  const tx = x * Math.cos(turn) - y * Math.sin(turn);
  const ty = x * Math.sin(turn) + y * Math.cos(turn);
  const y1 = ty * Math.cos(tiltX);
  const z1 = ty * Math.sin(tiltX);
  return [tx * Math.cos(tiltY) + z1 * Math.sin(tiltY), y1, z1 * Math.cos(tiltY) - tx * Math.sin(tiltY)];
}

function gaussianBlur(
  image: Float32Array<ArrayBuffer>,
  width: number,
  height: number,
  sigma: number,
): Float32Array<ArrayBuffer> {
  if (sigma < 0.2) return image;
  const reach = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)),
  );
  const total = weights.reduce((sum, w) => sum + w, 0);
  const along = (from: Float32Array<ArrayBuffer>, step: number, at: (i: number) => number, length: number) =>
    from.map((_, i) => {
      const place = at(i);
      let sum = 0;
      for (let k = -reach; k <= reach; k++) {
        const to = Math.min(length - 1, Math.max(0, place + k));
        sum += (weights[k + reach] ?? 0) * (from[i + (to - place) * step] ?? 0);
      }
      return sum / total;
    });
  return along(
    along(image, 1, (i) => i % width, width),
    width,
    (i) => Math.floor(i / width),
    height,
  );
}

function motionBlur(
  image: Float32Array<ArrayBuffer>,
  width: number,
  _height: number,
  length: number,
): Float32Array<ArrayBuffer> {
  const reach = Math.round(length);
  if (reach < 2) return image;
  return image.map((_, i) => {
    const x = i % width;
    let sum = 0;
    for (let k = 0; k < reach; k++) sum += image[i - x + Math.min(width - 1, x + k)] ?? 0;
    return sum / reach;
  });
}

/** mulberry32: small, seeded, even enough for noise. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
