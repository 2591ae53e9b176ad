import {expect, test} from 'vitest';
import {project, ptb} from './project.js';

const exposing = (path: string, use = 'bwrap'): string => `name: tiny
matrix:
  model: [small]
  hours: [1]
catalog:
  model:
    small: {base: org/small}
sandbox: {use: ${use}, expose: [/opt/data, ${path}]}
`;

test.each(['/tmp', '/tmp/weights', '/work/x', '/home/ptb/.cache'])(
  'a folder that the job has of its own cannot be exposed: %s',
  async (path) => {
    const {code, err} = await ptb(project({'pipeline.yaml': exposing(path)}), 'pipeline', 'validate');
    expect(code).toBe(2);
    expect(err).toContain(`pipeline.yaml:8:43: error: sandbox.expose names "${path}", which no job can see`);
  },
);

test.each([
  ['/tmpfs/weights', 'bwrap'],
  ['/tmp/weights', 'none'],
])('%s with sandbox %s can', async (path, use) => {
  expect((await ptb(project({'pipeline.yaml': exposing(path, use)}), 'pipeline', 'validate')).code).toBe(0);
});
