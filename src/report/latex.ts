import type {Row} from '../score/row.js';
import type {Table} from '../score/table.js';

const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
  '±': '$\\pm$',
  '–': '--',
  '×': '$\\times$',
  '†': '$\\dagger$',
  '‡': '$\\ddagger$',
};

/** Any text as LaTeX that prints it; what T1 fonts may lack becomes `?`. */
export const escapeLatex = (text: string): string =>
  text
    .replaceAll(/[\\{}$&#%_^~<>|"±–×†‡]/g, (char) => SPECIAL[char]!)
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
    .replaceAll(/[^\u0020-\u017f]/gu, '?');

/** In percent with one decimal, as the paper prints it. */
const percent = (score: number | null, std: number | null, substituted: number): string => {
  if (score === null) return '--';
  const deviation = std === null ? '' : ` {\\scriptsize$\\pm$\\,${(std * 100).toFixed(1)}}`;
  return `${(score * 100).toFixed(1)}${deviation}${substituted > 0 ? '$^*$' : ''}`;
};

const marks: Readonly<Record<Row['kind'], string>> = {
  agent: '',
  baseline: '',
  imported: '$^\\ddagger$',
  published: '$^\\dagger$',
};

/** A booktabs table (`\usepackage{booktabs}`); baselines stand apart. */
export function latex(table: Table, rows: readonly Row[], notes: readonly string[]): string {
  const line = (row: Row): string => {
    const total = Object.values(row.substitutions).reduce((sum, count) => sum + count, 0);
    const cells = table.benchmarks.map((benchmark) => {
      const {score, std, substituted} = row.benchmarks.get(benchmark)!;
      return percent(score, std, substituted);
    });
    return `${[escapeLatex(row.name) + marks[row.kind], percent(row.score, row.std, total), ...cells].join(' & ')} \\\\`;
  };
  const baselines = rows.filter(({kind}) => kind === 'baseline');
  const others = rows.filter(({kind}) => kind !== 'baseline');
  return [
    ...notes.map((note) => `% ${note.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ')}`),
    `\\begin{tabular}{l${'r'.repeat(table.benchmarks.length + 1)}}`,
    '\\toprule',
    `${['Agent', 'Average', ...table.benchmarks.map(escapeLatex)].join(' & ')} \\\\`,
    '\\midrule',
    ...baselines.map(line),
    ...(baselines.length > 0 && others.length > 0 ? ['\\midrule'] : []),
    ...others.map(line),
    '\\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n');
}
