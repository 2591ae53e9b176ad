import {dirname} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Host} from '../run/find-sandbox.js';
import type {Runs} from '../store/paths.js';
import type {Terminal} from './terminal.js';

/** What programs are looked for and run with on this machine. */
export function hostOf({env}: Terminal, runs: Runs): Host {
  // Scripts outside the sandbox may call ptb and node themselves.
  const own = [fileURLToPath(new URL('../bin', import.meta.url)), dirname(process.execPath)];
  return {
    path: [...own, env.PATH ?? '/usr/bin:/bin'].join(':'),
    home: env.HOME ?? '/',
    ...(env.XDG_RUNTIME_DIR === undefined ? {} : {runtime: env.XDG_RUNTIME_DIR}),
    tools: fileURLToPath(new URL('../tools/bin', import.meta.url)),
    scratch: runs.sandbox,
    ...(process.getuid && process.getgid ? {user: {uid: process.getuid(), gid: process.getgid()}} : {}),
  };
}
