import type {Image} from '../../config/image.js';
import type {SandboxKind} from '../../config/pipeline.js';
import type {Sandbox} from '../../sandbox/sandbox.js';
import type {NotReady} from '../find-sandbox.js';
import {fail, ok, type Finding} from './finding.js';

/** How the trial of the sandbox went (undefined: there was none), and the images that it is to run; `here` are those that need not be pulled. */
export function sandboxFindings(
  tried: Sandbox | NotReady | undefined,
  use: SandboxKind,
  images: readonly Image[],
  here: readonly Image[],
): Finding[] {
  if (tried?.kind === 'not-ready') return [fail(use, tried.message, tried.remedy)];
  if (use === 'none') return [ok('sandbox', 'none: agents see all that you see')];
  const memory = tried?.limitsMemory
    ? 'one that takes more memory than it asked for is ended'
    : 'the memory that one takes is not limited';
  return [
    tried === undefined ? ok(use, 'it is tried out when its image is here') : ok(use, `a job starts in it; ${memory}`),
    ...images.map((image) =>
      ok('image', `${describe(image)}${here.includes(image) ? '' : ', which is not here yet: a run pulls it first'}`),
    ),
  ];
}

function describe(image: Image): string {
  switch (image.kind) {
    case 'host':
      return "host: the machine's own system";
    case 'file':
      return image.path;
    case 'oci':
      return image.reference;
    case 'output':
      return `${image.stage}/${image.output}: the stage ${image.stage} makes it before all else`;
  }
}
