import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {importUpstreamCommand} from '../../../src/cli/import.js';
import {tableCommand} from '../../../src/cli/table.js';
import {call, type Target} from '../call.js';
import {mutateBytes} from '../mutate.js';
import {mutateJson} from '../mutate-json.js';

const PLAN = {profile: [], set: [], only: []};

const TREE: Readonly<Record<string, string>> = {
  'metrics.json': '{"accuracy": 0.25, "stderr": 0.01, "n": 100}',
  'time_taken.txt': '9:59:58\n',
  'contamination_judgement.txt': 'no contamination detected\n',
  'disallowed_model_judgement.txt': 'only allowed use detected\n',
  'solve_out.txt': 'done\n',
  'final_model/config.json': '{}',
};

/** A result tree of the PostTrainBench repository with spoiled files and names, imported and put into a table. */
export function tree(): Target & Disposable {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'fuzz-tree-')));
  const names = [
    'gsm8k_Qwen_Qwen3-4B-Base_17',
    'humaneval_google_gemma-3-4b-pt_3',
    'bfcl_HuggingFaceTB_SmolLM3-3B-Base_9',
  ];
  const odd = [
    '_',
    '__',
    'a_b',
    'gsm8k_\u001b[31m_x_1',
    'x'.repeat(200),
    '__proto___a_b_1',
    'gsm8k_Qwen_Qwen3-4B-Base_1e309',
    '..x',
    'a\nb_c_d_2',
  ];
  return {
    name: 'result tree',
    run: async (random) => {
      const at = mkdtempSync(join(root, 'case-'));
      const results = join(at, 'results');
      for (const name of [...names, random.pick(odd)]) {
        for (const [path, text] of Object.entries(TREE)) {
          if (random.chance(0.1)) continue;
          const file = join(results, random.pick(['claude_opus_10h', 'codex_[x]_5h_2gpu', 'odd']), name, path);
          mkdirSync(dirname(file), {recursive: true});
          if (path === 'metrics.json' && random.chance(0.4)) writeFileSync(file, mutateJson(text, random));
          else writeFileSync(file, random.chance(0.4) ? mutateBytes(Buffer.from(text), random) : text);
        }
      }
      writeFileSync(join(at, 'pipeline.yaml'), 'name: t\nmatrix: {agent: [a], model: [m], benchmark: [b]}\n');
      mkdirSync(join(at, 'stages/evaluate'), {recursive: true});
      writeFileSync(
        join(at, 'stages/evaluate/stage.yaml'),
        'for: [agent, model, benchmark]\nrun: ["true"]\noutputs: {metrics: metrics.json}\n',
      );
      const file = join(at, 'pipeline.yaml');
      try {
        const imported = await call((terminal) => importUpstreamCommand(results, {...PLAN, file}, terminal));
        if (imported.wrong !== undefined) return imported;
        return await call((terminal) =>
          tableCommand({...PLAN, file, format: random.pick(['text', 'csv', 'json', 'latex', 'markdown'])}, terminal),
        );
      } finally {
        rmSync(at, {recursive: true});
      }
    },
    [Symbol.dispose]: () => rmSync(root, {recursive: true}),
  };
}
