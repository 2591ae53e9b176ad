import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {readTrace} from '../../../src/report/trace.js';
import {call, type Target} from '../call.js';
import {mutateBytes} from '../mutate.js';
import {mutateJson} from '../mutate-json.js';

const TRACE = [
  '{"time":"2026-01-01T00:00:00Z","kind":"message","tool":"","text":"hello"}',
  '{"time":"2026-01-01T00:00:01Z","kind":"tool_call","tool":"bash","text":"ls \\u001b[31m"}',
  '{"type":"assistant","message":{"content":[{"type":"text","text":"x"}]}}',
  'not json at all',
  '',
].join('\n');

/** An agent's trace with spoiled bytes, read to its end. */
export function trace(): Target & Disposable {
  const root = mkdtempSync(join(tmpdir(), 'fuzz-trace-'));
  return {
    name: 'trace',
    run: async (random) => {
      const file = join(root, 'trace.jsonl');
      const whole = TRACE.repeat(1 + random.below(20));
      const odd = random.chance(0.5) ? `${mutateJson(TRACE.split('\n')[random.below(3)]!, random)}\n` : '';
      writeFileSync(file, mutateBytes(Buffer.from(odd + whole), random));
      return call(() => {
        for (const entry of readTrace(file))
          if (typeof entry.text !== 'string') throw new Error('an entry without a text');
        return 0;
      });
    },
    [Symbol.dispose]: () => rmSync(root, {recursive: true}),
  };
}
