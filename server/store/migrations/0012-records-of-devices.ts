/** A partial index on undecided and held records by device. */
export const RECORDS_OF_DEVICES = ['create index records_of_device on records (udid, received_at)'] as const;
