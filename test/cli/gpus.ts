import {chmodSync} from 'node:fs';
import {randomUUID} from 'node:crypto';
import {join} from 'node:path';
import type {Project} from '../rig/project.js';

/** A stand-in for nvidia-smi, so that steps can hold GPUs on a machine without any. */
export function standInGpus(project: Project, count: number): void {
  const lines = Array.from({length: count}, () => `echo "GPU-${randomUUID()}, stand-in"`);
  project.write({'stand-ins/nvidia-smi': ['#!/bin/sh', ...lines, ''].join('\n')});
  chmodSync(join(project.root, 'stand-ins/nvidia-smi'), 0o755);
  project.env.PATH = `${join(project.root, 'stand-ins')}:${process.env.PATH ?? ''}`;
}
