import {cpSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect, test} from 'vitest';
import {startedBy} from '../rig/look.js';
import {newProject} from '../rig/project.js';
import {BASE, LAB_BIN, labHas, USER} from '../lab/lab.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

if (labHas('apptainer')) {
  test(
    'the stage environment builds an image once, by a real apptainer, and steps run in it',
    {timeout: 300_000},
    async () => {
      await using project = await newProject();
      cpSync(join(REPOSITORY, 'stages/environment'), join(project.root, 'stages/environment'), {recursive: true});
      project.write({
        'image/given.txt': 'made here\n',
        'image/small.def': [
          'Bootstrap: localimage',
          `From: ${BASE}.sif`,
          '%files',
          '    image/given.txt /opt/given.txt',
          '%post',
          '    tr a-z A-Z </opt/given.txt >/opt/made.txt',
          '',
        ].join('\n'),
      });
      project.stage('look', {
        needs: ['environment'],
        run: ['bash', '-c', `cat /opt/made.txt >out.txt; [ -e ${BASE}/etc/passwd ] && ! echo x >/opt/made.txt`],
      });
      const resources = {disk: '1GB', memory: '1GB'};
      project.pipeline({
        environment: {definition: 'image/small.def', files: ['image/given.txt']},
        sandbox: {use: 'apptainer', image: 'environment/image.sif', expose: [`${BASE}/etc`]},
        stages: {environment: {resources}},
      });
      project.env.PATH = `${LAB_BIN}:${process.env.PATH}`;
      project.dropRights(USER.uid);

      const {code, stderr} = await project.run().ended;
      expect([code, stderr]).toEqual([0, '']);
      const [look] = project.results('look');
      expect(project.read(join(look!.dir.slice(project.root.length), 'out/out.txt'))).toBe('MADE HERE\n');
      expect(startedBy(await project.run().ended)).toEqual([]);

      // What the definition copies is part of the image.
      project.write({'image/given.txt': 'made again\n'});
      const {because} = (await project.plan()).find(({id}) => id === 'environment')!;
      expect(because).toContain('image/given.txt');
    },
  );
}
