// Wrong clocks for a process: libfaketime of the package faketime. The monotonic clock stays right.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { preset } from './paths.mjs';

/** For programs with threads; undefined if it is not installed. */
const library = readdirSync('/usr/lib')
  .map((folder) => join('/usr/lib', folder, 'faketime', 'libfaketimeMT.so.1'))
  .find((path) => existsSync(path));

/** Why no clock can be wrong here; false if it can. */
export const noFakeClock =
  preset === 'asan' || preset === 'tsan'
    ? `libfaketime and the sanitizer's own interceptors do not work together (${preset})`
    : library === undefined && 'the package faketime is not installed';

/** The environment of a process whose clock is off by `offset` ("+8d"), or by what `file` says whenever it is asked. */
export const fakeClock = ({ offset, file }) => ({
  LD_PRELOAD: library,
  ...(file === undefined ? { FAKETIME: offset } : { FAKETIME_TIMESTAMP_FILE: file }),
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  FAKETIME_NO_CACHE: '1',
});
