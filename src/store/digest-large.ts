import {availableParallelism} from 'node:os';
import {Worker} from 'node:worker_threads';
import type {Digest} from '../base/canonical.js';

type Asked = {readonly id: number; readonly file: Buffer};
type Answer = {readonly id: number; readonly digest: Digest} | {readonly id: number; readonly error: Error};
type Waiting = {readonly resolve: (digest: Digest) => void; readonly reject: (error: Error) => void};

/** SHA-256 of large files, as many at once as there are processors, on threads: the controller goes on meanwhile. */
export const digestLarge = (file: Buffer): Promise<Digest> => (pool ??= new Pool()).digest(file);

let pool: Pool | undefined;

class Pool {
  readonly #idle: Worker[] = [];
  readonly #queue: Asked[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #started = 0;
  #asked = 0;

  digest(file: Buffer): Promise<Digest> {
    return new Promise((resolve, reject) => {
      const id = this.#asked++;
      this.#waiting.set(id, {resolve, reject});
      this.#queue.push({id, file});
      this.#hand();
    });
  }

  #hand(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idle.pop() ?? this.#start();
      if (!worker) return;
      worker.ref();
      worker.postMessage(this.#queue.shift());
    }
  }

  #start(): Worker | undefined {
    if (this.#started === availableParallelism()) return undefined;
    this.#started++;
    const worker = new Worker(`(${digests.toString()})()`, {eval: true});
    worker.on('message', (answer: Answer) => {
      const {resolve, reject} = this.#waiting.get(answer.id)!;
      this.#waiting.delete(answer.id);
      if ('digest' in answer) resolve(answer.digest);
      else reject(answer.error);
      this.#idle.push(worker);
      // Only work under way keeps the process.
      worker.unref();
      this.#hand();
    });
    return worker;
  }
}

/** What a thread does. It stands alone: its text is all that the thread gets. */
function digests(): void {
  const {parentPort} = process.getBuiltinModule('node:worker_threads');
  const {openSync, readSync, closeSync} = process.getBuiltinModule('node:fs');
  const {createHash} = process.getBuiltinModule('node:crypto');
  // Small enough for a processor's own cache: with 4 MB it took half as long again (`npm run bench -- --only g`).
  const buffer = Buffer.allocUnsafeSlow(64 << 10);
  parentPort!.on('message', ({id, file}: {readonly id: number; readonly file: Uint8Array}) => {
    try {
      const hash = createHash('sha256');
      const handle = openSync(Buffer.from(file), 'r');
      try {
        for (let size = 1; size > 0;) {
          size = readSync(handle, buffer);
          hash.update(buffer.subarray(0, size));
        }
      } finally {
        closeSync(handle);
      }
      parentPort!.postMessage({id, digest: hash.digest('hex')});
    } catch (error) {
      parentPort!.postMessage({id, error});
    }
  });
}
