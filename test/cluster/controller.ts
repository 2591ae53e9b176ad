import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {until} from '../rig/until.js';
import {idOf, newClusterProject} from './project.js';
import type {Kind} from './systems.js';

/** The controller as a job of the queue. */
export function controllerAsJob(kind: Kind): void {
  test(`${kind}: --submit-controller runs the pipeline as a job that status shows, a second call finds and stop ends`, async () => {
    await using project = await newClusterProject(kind);
    project.env.LAB_KEY = `canary-${process.pid}`;
    const train = project.stage('train', {for: ['model'], sandbox: {secrets: ['LAB_KEY']}});
    project.pipeline({matrix: {model: ['a', 'b']}, executor: {use: kind, poll: '0.5s', lag: '3s'}});
    const submitted = await project.ptb('pipeline', 'run', '--submit-controller').ended;
    expect(submitted).toMatchObject({code: 0, stderr: ''});
    const name = /job (ptb-controller-\S+)/.exec(submitted.stdout)![1]!;

    const [a] = [await train.nextInvocation({model: 'a'}), await train.nextInvocation({model: 'b'})];
    expect(a.env.LAB_KEY).toBe(project.env.LAB_KEY);
    expect(existsSync(join(project.root, 'runs/controller/secrets'))).toBe(false);
    const said = expect.stringMatching(`job ${name} of ${kind}, running on \\S+, submitted 20`) as string;
    expect((await project.ptb('pipeline', 'status').ended).stdout).toEqual(said);
    const again = await project.ptb('pipeline', 'run', '--submit-controller').ended;
    expect(again.code).toBe(3);
    expect(again.stderr).toEqual(said);

    const watcher = project.run();
    await watcher.says('watching it');
    await a.exit(0, {'out.txt': 'a'});
    await until(() => project.results('train').length === 1, 'the controller commits');
    const stop = await project.ptb('pipeline', 'stop').ended;
    expect(stop).toMatchObject({code: 0, stdout: `the controller, job ${name}, stopped\n1 job stopped\n`});
    expect((await watcher.ended).code).toBe(130);
    expect(JSON.parse(readFileSync(join(project.root, 'runs/controller/exit.json'), 'utf8'))).toMatchObject({
      code: 130,
    });
    expect(await idOf(kind, name)).toBe('');
    expect((await project.ptb('pipeline', 'status').ended).stdout).not.toContain('controller');

    train.answers({'out.txt': 'b'});
    expect((await project.ptb('pipeline', 'run', '--submit-controller').ended).code).toBe(0);
    await until(() => project.results('train').length === 2, 'a later controller goes on', 40_000);
    const log = join(project.root, 'runs/controller/exit.json');
    await until(() => existsSync(log), 'the controller ends');
    expect(JSON.parse(readFileSync(log, 'utf8'))).toMatchObject({code: 0});
  }, 120_000);
}
