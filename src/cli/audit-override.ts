import {join} from 'node:path';
import {describeAxes} from '../matrix/cell.js';
import {OVERRIDES, writeOverride} from '../store/overrides.js';
import {auditsOf, findAudit} from './audit.js';
import {me} from './me.js';
import {openProject, type ProjectOptions} from './project.js';
import {EXIT, type Terminal} from './terminal.js';

export type AuditOverrideOptions = ProjectOptions & {
  readonly verdict: 'clean' | 'flagged';
  readonly because: string;
};

/** Records a person's verdict. It holds for the work that was audited and for no later one. */
export function auditOverrideCommand(text: string, options: AuditOverrideOptions, terminal: Terminal): number {
  const project = openProject(options, terminal);
  if (!project) return EXIT.badInput;
  const because = options.because.trim();
  if (because === '') {
    terminal.err('--because is empty; say why the verdict is this one\n');
    return EXIT.badInput;
  }
  const audit = findAudit(auditsOf(project, terminal), text, terminal);
  if (!audit) return EXIT.badInput;
  if (audit.verdict.kind !== 'known' || audit.verdict.value.work === undefined) {
    const why =
      audit.verdict.kind === 'failed' ? `its audit failed: ${audit.verdict.because}` : 'it is not audited yet';
    terminal.err(`${describeAxes(audit.at)} has no verdict to override: ${why}; run: ptb pipeline run\n`);
    return EXIT.badInput;
  }
  const {work, flagged, flags, judged} = audit.verdict.value;
  const override = {cell: audit.at, verdict: options.verdict, because, by: me(), when: new Date().toISOString(), work};
  const name = writeOverride(join(project.pipeline.root, OVERRIDES), override, {flagged, flags: [...flags], judged});
  terminal.out(`${describeAxes(audit.at)} is ${options.verdict}: ${because}\n  ${OVERRIDES}/${name} (commit it)\n`);
  return EXIT.done;
}
