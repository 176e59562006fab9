// A full disk below MariaDB, and clocks that jump, under a steady load on two replicas. Needs the machine for itself:
// CM_FULL_CHAOS=1.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Cm } from '../support/cm.mjs';
import { fakeClock, noFakeClock } from '../support/fake-clock.mjs';
import { makeLicense } from '../support/license.mjs';
import { temporaryDirectory } from '../support/paths.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { runFault } from './support/fault-runs.mjs';
import { connectClients, endSite } from './support/site.mjs';

const skip = !process.env.CM_FULL_CHAOS && 'faults of the machine take a minute: tests/run --nightly';
const skipClock = skip || noFakeClock;

/** A small file system in memory; undefined where this process must not mount one. */
function smallDisk(bytes) {
  const directory = temporaryDirectory('disk');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=777`, 'tmpfs', directory], { stdio: 'ignore' });
    return directory;
  } catch {
    rmSync(directory, { recursive: true });
    return undefined;
  }
}

const disk = skip ? undefined : smallDisk(400 << 20);
const skipDisk = skip || (!disk && 'this user must not mount a file system');

const site = { cms: [] };
let offsets;
before(async () => {
  if (skip) return;
  site.nats = await Nats.start();
  site.mariadb = await Mariadb.create();
  if (disk) {
    // Only the data is on the small file system.
    const moved = join(disk, 'data');
    cpSync(site.mariadb.data, moved, { recursive: true });
    rmSync(site.mariadb.data, { recursive: true });
    site.mariadb.data = moved;
  }
  await site.mariadb.start();
  offsets = join(temporaryDirectory('clock'), 'offset');
  setClock('+0');
  if (!noFakeClock) {
    // Valid from yesterday on: the clock is set back too.
    site.license = makeLicense({ environment: fakeClock({ offset: '-1d' }) });
    const { path, password } = site.license;
    const license = { KAA_LICENSE_CERT_PATH: path, KAA_LICENSE_CERT_PASSWORD: password };
    site.cms.push(await Cm.start({ ...site, environment: { ...license, ...fakeClock({ file: offsets }) } }));
  }
  while (site.cms.length < 2) site.cms.push(await Cm.start(site));
  await connectClients(site);
});
after(async () => {
  await endSite(site);
  if (disk) {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  }
  if (site.license) rmSync(site.license.directory, { recursive: true });
  if (offsets) rmSync(join(offsets, '..'), { recursive: true });
});

/** Sets the first replica's clock; the file is replaced as a whole, because the replica reads it at every call. */
function setClock(offset) {
  writeFileSync(`${offsets}.new`, `${offset}\n`);
  renameSync(`${offsets}.new`, offsets);
}

test('MariaDB, disk full: nothing is lost, and CM recovers', { skip: skipDisk }, async (t) => {
  const ballast = join(disk, 'ballast');
  await runFault(t, site, {
    name: 'MariaDB: disk full',
    seconds: 8,
    // MariaDB tries to write once a minute when its disk is full.
    within: 65_000,
    rates: { revocation: 50 },
    begin: () => {
      mkdirSync(ballast, { recursive: true });
      for (let i = 0; i < 1_000; i += 1) {
        const { bavail, bsize } = statfsSync(disk);
        const size = Math.min(bavail * bsize, 8 << 20);
        if (size === 0) break;
        writeFileSync(join(ballast, String(i)), Buffer.alloc(size));
      }
    },
    end: () => rmSync(ballast, { recursive: true }),
  });
});

for (const [name, offset] of [['an hour ahead', '+1h'], ['an hour back', '-1h'], ['ten days ahead', '+10d']]) {
  test(`the clock of one replica jumps ${name}: nothing is lost, and CM goes on`, { skip: skipClock }, async (t) => {
    await runFault(t, site, {
      name: `a replica: its clock jumps ${name}`,
      from: 'begin',
      within: 3_000,
      begin: () => setClock(offset),
      end: () => setClock('+0'),
    });
  });
}
