/** Class and subclass of CDC-ACM's control interface, class of its data interface (USB CDC 1.2, 4.2 and 4.5; PSTN 1.2). */
export const CONTROL = { classCode: 2, subclassCode: 2 } as const;
const DATA_CLASS = 10;

/** The serial port in a USB device: the interfaces and endpoints that make it up. */
export interface AcmFunction {
  readonly interfaces: readonly [control: USBInterface, data: USBInterface];
  readonly input: USBEndpoint;
  readonly output: USBEndpoint;
}

/**
 * The device's first serial port, if it has one. A board may offer several functions, and a network adapter's data
 * interface has the same class but no endpoints at first; so the data interface taken is the one that follows.
 */
export function acmFunction(device: USBDevice): AcmFunction | undefined {
  const interfaces = [...(device.configurations[0]?.interfaces ?? [])].sort(
    (one, other) => one.interfaceNumber - other.interfaceNumber,
  );
  const control = interfaces.find(({ alternates: [first] }) => {
    return first?.interfaceClass === CONTROL.classCode && first.interfaceSubclass === CONTROL.subclassCode;
  });
  if (control === undefined) return undefined;
  for (const data of interfaces) {
    const [first] = data.alternates;
    if (data.interfaceNumber <= control.interfaceNumber || first?.interfaceClass !== DATA_CLASS) continue;
    const bulk = (direction: USBDirection) =>
      first.endpoints.find((one) => one.type === 'bulk' && one.direction === direction);
    const [input, output] = [bulk('in'), bulk('out')];
    if (input !== undefined && output !== undefined) return { interfaces: [control, data], input, output };
  }
  return undefined;
}
