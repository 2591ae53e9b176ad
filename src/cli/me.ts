import {hostname, userInfo} from 'node:os';

/** user@host, as far as the system knows the user. */
export function me(): string {
  let user;
  try {
    user = userInfo().username;
  } catch {
    user = `uid-${process.getuid?.() ?? 'unknown'}`; // a container without a line in /etc/passwd
  }
  return `${user}@${hostname()}`;
}
