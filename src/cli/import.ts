import {mkdirSync, statSync} from 'node:fs';
import {basename, join, resolve} from 'node:path';
import {quoted} from '../base/quoted.js';
import {importedFolder} from '../report/imported.js';
import {printableLine} from '../report/style.js';
import {readTree, type TreeRecord} from '../report/upstream.js';
import {writeJson} from '../store/write.js';
import {openProject, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type ImportOptions = ProjectOptions & {readonly as?: string};

/** How many unreadable paths are listed; the record has them all. */
const LISTED = 20;

export function importUpstreamCommand(dir: string, options: ImportOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const root = resolve(dir);
  if (!statSync(root, {throwIfNoEntry: false})?.isDirectory()) {
    terminal.err(`there is no folder ${quoted(dir)}\n`);
    return EXIT.badInput;
  }
  const name = (options.as ?? basename(root)).replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '') || 'upstream';
  const tree = readTree(root);
  if (tree.runs.length === 0) {
    terminal.err(`${quoted(dir)} holds no <method>/<benchmark>_<org>_<model>_<run id>/ folder: nothing was imported\n`);
    for (const {path, because} of tree.unreadable.slice(0, LISTED))
      terminal.err(`  ${printableLine(`${path}: ${because}`)}\n`);
    return EXIT.badInput;
  }
  const record: TreeRecord = {
    version: 1,
    kind: 'upstream',
    name,
    from: root,
    when: new Date().toISOString(),
    ...tree,
  };
  const folder = importedFolder(project.runs.root);
  mkdirSync(folder, {recursive: true});
  const file = join(folder, `${name}.json`);
  writeJson(file, record);
  const methods = new Set(tree.runs.map(({method}) => method)).size;
  terminal.out(
    [
      `imported ${tree.runs.length} runs of ${methods} methods from ${printableLine(root)}`,
      ...(tree.superseded.length > 0 ? [`${tree.superseded.length} older runs of the same cells do not count`] : []),
      ...(tree.unreadable.length > 0 ? [`${tree.unreadable.length} files or folders could not be read:`] : []),
      ...tree.unreadable.slice(0, LISTED).map(({path, because}) => `  ${printableLine(`${path}: ${because}`)}`),
      ...(tree.unreadable.length > LISTED ? [`  and ${tree.unreadable.length - LISTED} more`] : []),
      `ptb table shows them, marked ‡; to take them out again, delete ${file}`,
      '',
    ].join('\n'),
  );
  return EXIT.done;
}
