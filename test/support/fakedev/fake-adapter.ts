/** USB ids that the fake port and the fake USB device pretend to have; a chooser grant is for exactly these. */
export const FAKE_ADAPTER = {
  vendorId: 0x2341,
  productId: 0x0043,
  serialNumber: 'SN-0001',
  name: 'Fieldbind test port',
};
