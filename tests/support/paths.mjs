// Paths, and the build under test.
import { mkdtempSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The CMake preset whose executables are tested: CM_PRESET, default release. */
export const preset = process.env.CM_PRESET ?? 'release';

/** Why measured values (memory, start time) are not checked with this preset; undefined if they are. */
export const noFigures = preset === 'release' ? undefined : `figures are for the release preset, this is ${preset}`;

/** Reduces a number of iterations for slow presets: with the sanitizers, fewer iterations suffice. */
export const volume = (many) => (noFigures ? many / 5 : many);

/** The factor by which waits may take longer with this preset than with release. */
export const slowness = preset === 'release' ? 1 : 4;

export const binary = process.env.CM_BINARY ?? join(root, 'build', preset, 'cm');

/** The test build of cm, which can crash actors on command. */
export const faultyBinary = process.env.CM_FAULTY_BINARY ?? join(root, 'build', preset, 'cm_faulty');

/** Files that tests create once and reuse: MariaDB's template, the license. */
export const testData = join(root, 'build', 'test-data');
mkdirSync(testData, { recursive: true });

/** A new directory with a short path (a socket's path may have 107 characters). */
export function temporaryDirectory(name) {
  return mkdtempSync(join(tmpdir(), `cm-${name}-`));
}
