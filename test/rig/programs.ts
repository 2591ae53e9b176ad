import {accessSync, constants} from 'node:fs';
import {delimiter, join} from 'node:path';
import {test} from 'vitest';

/**
 * Whether a program is on PATH. Continuous integration sets PTB_TEST_LAB, and then must have it; elsewhere the reason why a test
 * does not run is printed.
 */
export function hasProgram(name: string, whence: string): boolean {
  if ((process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, name)))) return true;
  const because = `${name} is not on PATH: ${whence}`;
  if (process.env.PTB_TEST_LAB !== undefined) throw new Error(because);
  process.stderr.write(`${because}\n`);
  test(`does not run here: ${because}`, () => undefined);
  return false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
