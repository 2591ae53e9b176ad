import {linkSync, mkdirSync, readFileSync, rmSync, rmdirSync, statSync, unlinkSync, writeFileSync} from 'node:fs';

export type Claim =
  {readonly kind: 'mine'; readonly took: string | undefined} | {readonly kind: 'held'; readonly by: string};

/** Whoever removes a stale file holds the mutex for microseconds; after this long it died in between. */
const MUTEX_PATIENCE_MS = 10_000;

/**
 * Makes `file` with `text` where it does not exist, in one step: nobody ever reads a part of it. Works on NFS, where locks
 * may not (link(2) is atomic there). A file whose text `isStale` says so is replaced; `took` is then its text.
 */
export function claim(file: string, text: string, isStale: (text: string) => boolean): Claim {
  const aside = `${file}.${process.pid}.claim`;
  // A process with our pid may have died between its link and its unlink: then this is `file` by another name.
  rmSync(aside, {force: true});
  writeFileSync(aside, text);
  let took: string | undefined;
  try {
    for (;;) {
      if (tries(() => linkSync(aside, file), 'EEXIST')) return {kind: 'mine', took};
      const by = read(file);
      if (by === undefined) continue;
      if (!isStale(by)) return {kind: 'held', by};
      if (remove(file, by)) took = by;
    }
  } finally {
    unlinkSync(aside);
  }
}

/** Removes a stale file, unless another process did and made a fresh one meanwhile. */
function remove(file: string, stale: string): boolean {
  const mutex = `${file}.stale`;
  if (!tries(() => mkdirSync(mutex), 'EEXIST')) {
    // By its distance: the clock may have been set back since.
    const age = Math.abs(Date.now() - (statSync(mutex, {throwIfNoEntry: false})?.mtimeMs ?? Date.now()));
    if (age > MUTEX_PATIENCE_MS) tries(() => rmdirSync(mutex), 'ENOENT');
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    return false;
  }
  try {
    if (read(file) !== stale) return false;
    return tries(() => unlinkSync(file), 'ENOENT');
  } finally {
    rmdirSync(mutex);
  }
}

/** False when it fails with just that code. */
function tries(action: () => void, code: string): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}

function read(file: string): string | undefined {
  let text: string | undefined;
  tries(() => {
    text = readFileSync(file, 'utf8');
  }, 'ENOENT');
  return text;
}
