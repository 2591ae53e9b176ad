import {existsSync, realpathSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Host} from '../run/find-sandbox.js';
import type {Runs} from '../store/paths.js';
import type {Terminal} from './terminal.js';

/** What programs are looked for and run with on this machine. */
export function hostOf({env}: Terminal, runs: Runs): Host {
  const path = env.PATH ?? '/usr/bin:/bin';
  // Scripts outside the sandbox may call ptb and node themselves; all other programs are those that the user's PATH finds.
  const own = [
    fileURLToPath(new URL('../bin', import.meta.url)),
    ...(findsThisInterpreter(path) ? [] : [dirname(process.execPath)]),
  ];
  return {
    path: [...own, path].join(':'),
    home: env.HOME ?? '/',
    ...(env.XDG_RUNTIME_DIR === undefined ? {} : {runtime: env.XDG_RUNTIME_DIR}),
    tools: fileURLToPath(new URL('../tools/bin', import.meta.url)),
    scratch: runs.sandbox,
    ...(process.getuid && process.getgid ? {user: {uid: process.getuid(), gid: process.getgid()}} : {}),
  };
}

function findsThisInterpreter(path: string): boolean {
  const found = path
    .split(':')
    .map((folder) => join(folder, 'node'))
    .find((file) => existsSync(file));
  return found !== undefined && realpathSync(found) === realpathSync(process.execPath);
}
