import {describe, expect, test} from 'vitest';
import {eventsOf} from '../rig/look.js';
import {until} from '../rig/until.js';
import {client, idOf, lab, newClusterProject, submissionsOf} from './project.js';

const texts = (events: Parameters<typeof eventsOf>[0]): string[] =>
  eventsOf(events, 'notice').map(({text}) => String(text));

/** What only HTCondor does, or does in its own way. */
export function htcondorFaults(): void {
  describe('faults of HTCondor', () => {
    test('condor_schedd killed in mid-run: it is waited for, said once, and nothing is lost or submitted again', async () => {
      await using project = await newClusterProject('htcondor');
      const train = project.stage('train');
      const score = project.stage('score', {needs: ['train']}).answers({'out.txt': 'score'});
      const run = project.run();
      const job = await train.nextInvocation();
      await lab('htcondor', 'kill-schedd');
      await run.event('notice');
      await until(async () => (await client('condor_q').catch(() => '')) !== '', 'the schedd is back');
      await job.exit(0, {'out.txt': 'model'});
      const ended = await run.ended;
      expect(ended.code).toBe(0);
      expect([train.invocations, score.invocations]).toEqual([1, 1]);
      expect(texts(ended).filter((text) => text.startsWith('HTCondor does not answer'))).toHaveLength(1);
      expect(eventsOf(ended, 'failed')).toEqual([]);
    }, 90_000);

    test('a frozen condor_schedd: what is ready waits and is then submitted once', async () => {
      await using project = await newClusterProject('htcondor');
      const train = project.stage('train');
      const score = project.stage('score', {needs: ['train']}).answers({'out.txt': 'score'});
      const run = project.run();
      const job = await train.nextInvocation();
      await lab('htcondor', 'freeze-schedd');
      try {
        await job.exit(0, {'out.txt': 'model'});
        await run.event('done', 'train');
        await run.event('notice');
      } finally {
        await lab('htcondor', 'thaw-schedd');
      }
      const ended = await run.ended;
      expect(ended.code).toBe(0);
      expect([train.invocations, score.invocations]).toEqual([1, 1]);
      expect(await submissionsOf('htcondor', eventsOf(ended, 'submitted', 'score')[0]!.job)).toBe(1);
    }, 120_000);

    test.each(['vacated by the pool', 'held by a person, and released'])(
      'a running job that is %s: the attempt is lost, and the step begins anew',
      async (how) => {
        await using project = await newClusterProject('htcondor');
        const train = project.stage('train', {retry: {on: ['lost'], times: 2}});
        const run = project.run();
        await train.nextInvocation();
        const id = await idOf('htcondor', (await run.event('submitted')).job);
        if (how.startsWith('held')) {
          await client('condor_hold', '-reason', 'make room', id);
          expect((await run.event('notice')).text).toMatch(/is held by HTCondor: make room/);
          await client('condor_release', id);
        } else {
          await client('condor_vacate_job', id);
        }
        await (await train.nextInvocation()).exit(0, {'out.txt': 'model'});
        const ended = await run.ended;
        expect(ended.code).toBe(0);
        expect(eventsOf(ended, 'failed')).toMatchObject([{again: true, failure: {class: 'lost'}}]);
        expect(train.invocations).toBe(2);
      },
      60_000,
    );
  });
}
