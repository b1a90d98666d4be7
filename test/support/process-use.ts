import { readdirSync, readFileSync } from 'node:fs';

/** Seconds of CPU, user and system, that a process has used with all its threads (proc(5): fields 14 and 15 of stat). */
export function cpuOf(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

/** The same with its children, ended ones too (fields 16 and 17). */
export function cpuOfTree(pid: number): number {
  const fields = statOf(pid);
  let seconds = cpuOf(pid) + (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) / 100;
  for (const one of readdirSync('/proc').map(Number)) {
    if (!Number.isNaN(one) && Number(statOf(one)[1]) === pid) seconds += cpuOf(one);
  }
  return seconds;
}

/** Memory that a process holds, MiB (proc(5): VmRSS of status). */
export function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

/** Fields after the program's name, which may hold spaces: state, parent, … */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  } catch {
    return []; // ended meanwhile
  }
}
