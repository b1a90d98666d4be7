/** Records by the device they speak of: what is undecided or held of one. */
export const RECORDS_OF_DEVICES = ['create index records_of_device on records (udid, received_at)'] as const;
