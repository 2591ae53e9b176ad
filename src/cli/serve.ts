import {createReadStream, statSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {createServer, type ServerResponse} from 'node:http';
import {extname, join, normalize, sep} from 'node:path';
import {asLive} from '../report/site/layout.js';
import {list} from '../store/write.js';
import {openProject, type Project, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

const PORT = 8731;
const LOOK_MS = 1000;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.csv': 'text/csv; charset=utf-8',
};

/**
 * Serves a report to this machine alone, builds it anew when the results or the journal change, and tells the pages. Until
 * Ctrl-C.
 *
 * @param shown The state of the store, by {@link stateOf}, before what lies in `out` was built.
 */
export async function serve(
  options: ProjectOptions & {readonly serve?: boolean | string},
  out: string,
  terminal: Terminal,
  shown: string,
  build: (project: Project) => Promise<void>,
): Promise<number> {
  const port = typeof options.serve === 'string' ? Number(options.serve) : PORT;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    terminal.err(`--serve ${String(options.serve)} is no port, for instance --serve ${PORT}\n`);
    return EXIT.badInput;
  }
  const listeners = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const {pathname} = new URL(request.url ?? '/', 'http://localhost');
    if (request.method !== 'GET') {
      response.writeHead(405).end();
    } else if (pathname === '/events') {
      response.writeHead(200, {'content-type': 'text/event-stream', 'cache-control': 'no-store'});
      response.write(': live\n\n');
      listeners.add(response);
      response.on('close', () => listeners.delete(response));
    } else {
      void answer(out, pathname, response);
    }
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Results hold what agents wrote, and logs: for this machine's user, not for the network.
      server.listen(port, '127.0.0.1', resolve);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    terminal.err(`port ${port} is in use; name another: --serve 8732\n`);
    return EXIT.badInput;
  }
  const address = server.address();
  terminal.err(`http://localhost:${typeof address === 'object' ? (address?.port ?? port) : port} until Ctrl-C\n`);

  let seen = shown;
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    void (async () => {
      try {
        const project = openProject(options, terminal);
        if (!project) return;
        const now = stateOf(project);
        if (now !== seen) {
          await build(project);
          for (const listener of listeners) listener.write('event: update\ndata: \n\n');
        }
        seen = now;
      } finally {
        isBusy = false;
      }
    })();
  }, LOOK_MS);

  return new Promise((resolve) => {
    const stop = (): void => {
      clearInterval(timer);
      for (const listener of listeners) listener.end();
      server.close(() => resolve(EXIT.done));
      server.closeAllConnections();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}

/** Changes whenever a result or an attempt appears or a journal grows. */
export function stateOf({runs}: Project): string {
  const stamp = (path: string): string => {
    const found = statSync(path, {throwIfNoEntry: false});
    return found ? `${found.mtimeMs}:${found.size}` : '';
  };
  const journal = list(runs.journal).at(-1);
  return [
    ...list(runs.results).map((stage) => stamp(join(runs.results, stage))),
    ...list(runs.attempts).map((stage) => stamp(join(runs.attempts, stage))),
    stamp(join(runs.root, 'imported')),
    journal === undefined ? '' : stamp(join(runs.journal, journal)),
  ].join(' ');
}

async function answer(out: string, pathname: string, response: ServerResponse): Promise<void> {
  const file = fileOf(out, pathname);
  const found = file === undefined ? undefined : statSync(file, {throwIfNoEntry: false});
  if (file === undefined || !found?.isFile()) {
    response.writeHead(404, {'content-type': 'text/plain'}).end('not found\n');
    return;
  }
  const type = TYPES[extname(file)] ?? 'text/plain; charset=utf-8';
  response.setHeader('content-type', type);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cache-control', 'no-store');
  if (!type.startsWith('text/html')) {
    createReadStream(file).pipe(response);
    return;
  }
  const text = await readFile(file, 'utf8');
  response.end(asLive(text));
}

/** Undefined for what would lead out of the folder. */
function fileOf(out: string, pathname: string): string | undefined {
  let path: string;
  try {
    path = normalize(decodeURIComponent(pathname));
  } catch {
    return undefined;
  }
  if (path.includes('\0')) return undefined;
  const file = join(out, path.endsWith(sep) ? `${path}index.html` : path);
  return file.startsWith(out + sep) ? file : undefined;
}
