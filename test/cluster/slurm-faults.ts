import {mkdirSync, readdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {describe, expect, test} from 'vitest';
import {eventsOf} from '../rig/look.js';
import {kill, workersBelow} from '../rig/processes.js';
import {until} from '../rig/until.js';
import {client, idOf, lab, newClusterProject, submissionsOf} from './project.js';

const nodeOf = async (id: string): Promise<string> =>
  (await client('squeue', '--noheader', '--format=%N', `--jobs=${id}`)).trim();

const texts = (events: Parameters<typeof eventsOf>[0]): string[] =>
  eventsOf(events, 'notice').map(({text}) => String(text));

/** What only Slurm does, or does in its own way. */
export function slurmFaults(): void {
  describe('faults of Slurm', () => {
    test('slurmctld killed in mid-run: it is waited for, said once, and nothing is lost or submitted again', async () => {
      await using project = await newClusterProject('slurm');
      const train = project.stage('train', {for: ['model']});
      project.pipeline({
        matrix: {model: ['a', 'b']},
        executor: {use: 'slurm', poll: '0.5s', lag: '3s', accounting: true},
      });
      const score = project.stage('score', {for: ['model'], needs: ['train']}).answers({'out.txt': 'score'});
      const run = project.run();
      const [a, b] = [await train.nextInvocation({model: 'a'}), await train.nextInvocation({model: 'b'})];
      // What slurmctld learned in its last seconds it would forget, and give the job's number away again.
      await sleep(7000);
      await lab('slurm', 'kill-ctld');
      try {
        expect((await run.event('notice')).text).toMatch(/^Slurm does not answer; jobs go on/);
        // Its record is enough.
        await a.exit(0, {'out.txt': 'a'});
        await run.event('done', 'train:model=a');
        const status = await project.status();
        expect(status.find(({id}) => id === 'train:model=b')).toMatchObject({
          state: 'waiting',
          because: expect.stringMatching(/is unknown: Slurm does not answer/) as string,
        });
      } finally {
        await lab('slurm');
      }
      await b.exit(0, {'out.txt': 'b'});
      const ended = await run.ended;
      expect(ended.code).toBe(0);
      expect([train.invocations, score.invocations]).toEqual([2, 2]);
      expect(texts(ended).filter((text) => text.startsWith('Slurm does not answer'))).toHaveLength(1);
      expect(texts(ended)).toContain('Slurm answers again');
    }, 60_000);

    test('a frozen slurmctld: what is ready waits and is then submitted once', async () => {
      await using project = await newClusterProject('slurm');
      const train = project.stage('train');
      const score = project.stage('score', {needs: ['train']}).answers({'out.txt': 'score'});
      const run = project.run();
      const job = await train.nextInvocation();
      await lab('slurm', 'freeze-ctld');
      try {
        await job.exit(0, {'out.txt': 'model'});
        await run.event('done', 'train');
        await run.event('notice');
      } finally {
        await lab('slurm', 'thaw-ctld');
      }
      const ended = await run.ended;
      expect(ended.code).toBe(0);
      expect([train.invocations, score.invocations]).toEqual([1, 1]);
      expect(texts(ended).filter((text) => text.includes('waits') || text.includes('answer')).length).toBeLessThan(4);
      expect(await submissionsOf('slurm', eventsOf(ended, 'submitted', 'score')[0]!.job)).toBe(1);
    }, 90_000);

    test('a node whose slurmd died: its job counts while it still writes; when it is gone, it is tried again', async () => {
      await using project = await newClusterProject('slurm', {lag: '8s'});
      const train = project.stage('train', {retry: {on: ['lost'], times: 1}});
      const run = project.run();
      const job = await train.nextInvocation();
      const id = await idOf('slurm', (await run.event('submitted')).job);
      const node = await nodeOf(id);
      await lab('slurm', 'kill-slurmd', node);
      try {
        const state = (): Promise<string> =>
          client('squeue', '--noheader', '--states=all', '--format=%T', `--jobs=${id}`);
        await until(async () => (await state()).trim() === 'NODE_FAIL', 'Slurm gives the node up', 40_000);
        await sleep(9000);
        expect(train.invocations).toBe(1);
        kill(workersBelow(project.root).filter(({cwd}) => cwd.startsWith(dirname(job.cwd))));
        const again = await train.nextInvocation();
        await again.exit(0, {'out.txt': 'model'});
        const ended = await run.ended;
        expect(ended.code).toBe(0);
        const because = expect.stringContaining('Slurm says NODE_FAIL') as string;
        expect(eventsOf(ended, 'failed')).toMatchObject([{again: true, failure: {class: 'lost', because}}]);
        expect(train.invocations).toBe(2);
      } finally {
        await lab('slurm', 'start-slurmd', node);
      }
    }, 120_000);

    test('pre-emption: the attempt is lost with what was on scratch, and the step begins anew', async () => {
      await using project = await newClusterProject('slurm');
      const disk = join(project.root, 'disk');
      mkdirSync(disk);
      project.pipeline({executor: {use: 'slurm', poll: '0.5s', lag: '2s', accounting: true, scratch: disk}});
      const train = project.stage('train', {resources: {cpus: 2}, retry: {on: ['lost'], times: 2}});
      const run = project.run();
      const job = await train.nextInvocation();
      job.write({'out.txt': 'half'});
      const id = await idOf('slurm', (await run.event('submitted')).job);
      await expect(client('scontrol', 'requeue', id)).rejects.toThrow('disabled for job');
      const urgent = ['--partition=urgent', '--cpus-per-task=2', '--mem=100M', '--output=/dev/null', '--wrap=sleep 2'];
      // As many as there are nodes.
      await Promise.all([client('sbatch', ...urgent), client('sbatch', ...urgent)]);
      const again = await train.nextInvocation();
      expect(readdirSync(disk)).toHaveLength(1);
      await again.exit(0, {'out.txt': 'whole'});
      const ended = await run.ended;
      expect(ended.code).toBe(0);
      const because = expect.stringContaining('Slurm says PREEMPTED') as string;
      expect(eventsOf(ended, 'failed')).toMatchObject([{again: true, failure: {class: 'lost', because}}]);
      expect([train.invocations, readdirSync(disk)]).toEqual([2, []]);
    }, 60_000);
  });
}
