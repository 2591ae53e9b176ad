import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {TraceEntry} from './trace.js';

/** Ways to train, by what of them stands in scripts and commands. */
const METHODS: readonly (readonly [name: string, sign: RegExp])[] = [
  ['SFT', /\bSFT(?:Trainer|Config)\b|supervised fine-?tun|\btrain(?:_sft|\.py)\b|\bsft\b/i],
  ['LoRA', /\bLoraConfig\b|\bget_peft_model\b|\blora_(?:r|alpha|rank)\b|--lora\b/i],
  ['QLoRA', /\bload_in_4bit\b|\bBitsAndBytesConfig\b|\bqlora\b/i],
  ['GRPO', /\bGRPO(?:Trainer|Config)?\b/],
  ['DPO', /\b(?:DPO|ORPO|KTO|SimPO)(?:Trainer|Config)\b/],
  ['PPO', /\b(?:PPO|RLOO)(?:Trainer|Config)\b/],
  ['distillation', /\bdistill|teacher[_ ]model/i],
  ['rejection sampling', /reject(?:ion)?[_ -]sampl|best[_ -]of[_ -]n/i],
  ['synthetic data', /\bsynthetic[_ ]data|generate_(?:data|examples|synthetic)/i],
  ['model merging', /\bmergekit\b|\bslerp\b|model[_ ]soup|average_(?:weights|checkpoints)/i],
  ['vLLM', /\bfrom vllm\b|\bvllm serve\b/],
  ['Unsloth', /\bunsloth\b/i],
  ['Axolotl', /\baxolotl\b/i],
  ['DeepSpeed or FSDP', /\bdeepspeed\b|\bfsdp\b/i],
];

/** What an agent did, as far as its trace and its scripts tell. */
export type Behaviour = {
  readonly methods: readonly string[];
  readonly toolCalls: number;
  readonly errors: number;
  /** How often it asked for the time that is left. */
  readonly timerAsks: number;
};

/** Gathers what an agent did while its trace is read once. */
export class Watcher {
  readonly #methods = new Set<string>();
  #toolCalls = 0;
  #errors = 0;
  #timerAsks = 0;

  see({kind, text}: TraceEntry): void {
    if (kind === 'error') this.#errors++;
    if (kind !== 'tool_call') return;
    this.#toolCalls++;
    if (/\btimer\.sh\b/.test(text)) this.#timerAsks++;
    this.#find(text);
  }

  /** Scripts that it left in its work folder. */
  readScripts(folder: string): void {
    for (const text of scripts(folder)) this.#find(text);
  }

  #find(text: string): void {
    for (const [name, sign] of METHODS) if (!this.#methods.has(name) && sign.test(text)) this.#methods.add(name);
  }

  get seen(): Behaviour {
    return {
      methods: METHODS.map(([name]) => name).filter((name) => this.#methods.has(name)),
      toolCalls: this.#toolCalls,
      errors: this.#errors,
      timerAsks: this.#timerAsks,
    };
  }
}

const MOST_SCRIPTS = 200;
const LARGEST_SCRIPT = 200_000;
/** What was handed to the agent is not what it did. */
const GIVEN = /^(?:evaluate\.py|timer\.sh|templates|ptb_evals|task_context)$/;

function* scripts(folder: string, depth = 0): Generator<string> {
  let left = MOST_SCRIPTS;
  const entries = statSync(folder, {throwIfNoEntry: false})?.isDirectory()
    ? readdirSync(folder, {withFileTypes: true})
    : [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || (depth === 0 && GIVEN.test(entry.name))) continue;
    if (entry.isDirectory() && depth < 4) yield* scripts(path, depth + 1);
    // Links are not followed: they may lead out of the folder.
    if (!entry.isFile() || !/\.(?:py|sh|ya?ml)$/.test(entry.name)) continue;
    if (left-- <= 0) return;
    if (statSync(path).size <= LARGEST_SCRIPT) yield readFileSync(path, 'utf8');
  }
}
