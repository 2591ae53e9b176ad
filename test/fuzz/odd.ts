/** What people, editors and enemies write where something else was meant. */
export const SCALARS: readonly unknown[] = [
  // Numbers, and what looks like one.
  ...[null, true, false, 0, -0, -1, 1, 0.1, 1e309, -1e309, NaN, 1e-320, 1e21, 9007199254740993n],
  ...[
    '0x1F',
    '0o17',
    '0b11',
    '1_000',
    '12:30:45',
    '1e309',
    '-1e309',
    '.inf',
    '-.INF',
    '.nan',
    '-0',
    '+1',
    '1.',
    '.5',
    '１',
  ],
  // Texts that YAML 1.1 read as something else.
  ...['yes', 'no', 'on', 'off', 'Yes', 'NO', 'y', 'n', 'True', 'FALSE', 'NULL', '~', '', ' ', '2026-01-01', '=', '<<'],
  ...['-', '?', ':', '*a', '&a', '!x', '!!js/function x', '- a', 'a: b', '# x', '|', '>', '%x', '@x', '`x`'],
  // Names that an object has of its own.
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'length', 'then', 'toJSON'],
  // Paths, commands, look-ups.
  ...['../..', '/', '/etc/passwd', '.', '..', 'a/../b', 'a//b', './', '~', '$(id)', '`id`', '; id', '-rf', '--'],
  ...['${{ model.base }}', '${{', '${{ }}', '${{ __proto__ }}', '${{ model.__proto__ }}', '${{ constructor }}'],
  ...['${{ a.b.c.d? }}', '}}', '{{', '%s', 'a,b=c', 'a:b', 'a b', '<script>'],
  // Characters: controls, direction, lone halves of a pair, a mark, other line ends.
  ...[
    'ä',
    '\u0000',
    '\u001b[31m',
    '\u202e',
    '\ud800',
    '\udfff',
    'a\ud83db',
    '\ufeff',
    '\u2028',
    '\u0085',
    '💥',
    'line\nline',
  ],
  ...['\t', '\r', 'a\r\nb', 'e\u0301'],
  // Settings of ptb out of their range.
  ...[
    'host',
    './x.sif',
    'docker://x@sha256:0',
    'environment/nothing',
    '10h',
    '-5h',
    '99999999h',
    '1e9GB',
    '0GB',
    '5 parsecs',
  ],
  'x'.repeat(5000),
  'ä'.repeat(300),
];

/** Keys of the same kind. */
export const NAMES: readonly string[] = [
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'valueOf',
    'hasOwnProperty',
    '',
    ' ',
    'use',
    'for',
    'run',
    'matrix',
  ],
  ...['<<', 'a.b', '1', '-1', 'null', 'yes', 'ä', '\ud800', '\u001b[31m', 'a\nb', 'length', 'x'.repeat(300)],
];
