import {SHORTEST_SECRET} from '../../executor/secret-forms.js';
import {fail, listed, ok, warn, type Finding} from './finding.js';
import type {WantedLogin} from './wanted.js';

/** One line for each login: which of its secrets is set, or who needs one. */
export const loginFindings = (logins: readonly WantedLogin[], isSet: (secret: string) => boolean): Finding[] =>
  logins.map(({oneOf, for: pages, by, without, optional}) => {
    const found = oneOf.find(isSet);
    const who = listed(by.map(({stage, only}) => (only.length === 0 ? stage : `${stage} (${only.join(', ')})`)));
    if (found !== undefined) return ok(found, `it is set, for ${who}`);
    const text = `${who} ${by.length > 1 ? 'need' : 'needs'} ${oneOf.join(' or ')}`;
    const accept = pages.length === 0 ? '' : `accept the licence at ${listed(pages)}, and `;
    const instead = without.length === 0 ? '' : `; or leave out what needs it: ${without.join(' ')}`;
    const remedy = `${accept}export ${oneOf.join('=… or ')}=…${optional ? '; the rest goes on without it' : instead}`;
    return optional ? warn(oneOf[0]!, text, remedy) : fail(oneOf[0]!, text, remedy);
  });

/** Whether secrets can be kept out of logs: `lengths` are those of the secrets that steps are handed, in characters. */
export function redactionFindings(lengths: ReadonlyMap<string, number>, hasPerl: boolean, here: boolean): Finding[] {
  if (lengths.size === 0) return [];
  const short = [...lengths].filter(([, length]) => length < SHORTEST_SECRET).map(([name]) => name);
  const because = 'perl, which keeps secrets out of the logs, is not here, and no job with secrets starts without it';
  return [
    ...(hasPerl || !here ? [] : [fail('perl', because, 'install the package perl')]),
    ...(short.length === 0
      ? []
      : [
          warn(
            'short key',
            `${listed(short)}: shorter than ${SHORTEST_SECRET} characters, so logs are not searched for it`,
            'see that it is a key',
          ),
        ]),
  ];
}

/** A file in which a secret stands, and what of it others may do. */
export type SecretFile = {readonly path: string; readonly secrets: readonly string[]; readonly readable: boolean};

/** Files that everybody on this machine may read, and that hold the value of a secret. */
export const secretFileFindings = (files: readonly SecretFile[]): Finding[] =>
  files
    .filter(({readable}) => readable)
    .map(({path, secrets}) =>
      warn('key file', `${path} holds ${listed(secrets)}, and everybody here may read it`, `chmod o-r,g-r ${path}`),
    );
