// Where things lie, and which build is tested.
import { mkdtempSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The CMake preset whose executables are tested: CM_PRESET, release without it. */
export const preset = process.env.CM_PRESET ?? 'release';

/** Why figures (memory, start time) are not judged under this preset; undefined where they are. */
export const noFigures = preset === 'release' ? undefined : `figures are for the release preset, this is ${preset}`;

/** How many of `many` this preset works through: under the sanitizers fewer find as much. */
export const volume = (many) => (noFigures ? many / 5 : many);

/** How much longer than in release a wait may take under this preset. */
export const slowness = preset === 'release' ? 1 : 4;

export const binary = process.env.CM_BINARY ?? join(root, 'build', preset, 'cm');

/** The test build of cm, which can be told to crash an actor. */
export const faultyBinary = process.env.CM_FAULTY_BINARY ?? join(root, 'build', preset, 'cm_faulty');

/** What tests make once and keep: MariaDB's template, the license. */
export const testData = join(root, 'build', 'test-data');
mkdirSync(testData, { recursive: true });

/** A new directory with a short path (a socket's path may have 107 characters). */
export function temporaryDirectory(name) {
  return mkdtempSync(join(tmpdir(), `cm-${name}-`));
}
