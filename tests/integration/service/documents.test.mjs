// The operators' documentation against the sources: every alert, exit status and secret must be documented, and no link
// may be broken.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

import { root } from '../../support/places.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');

/** The text of each section of a page, by heading. */
function sections(page) {
  const parts = read(page).split(/^#{1,6} (.*)$/m).slice(1);
  return new Map(Array.from({ length: parts.length / 2 }, (_, i) => [parts[2 * i], parts[2 * i + 1]]));
}

test('the runbook describes meaning, diagnosis, action and end of each alert', () => {
  const alerts = [...read('deploy/prometheus/alerts.yml').matchAll(/^ *- alert: (\w+)$/gm)].map(([, name]) => name);
  assert.ok(alerts.length > 10);
  const runbook = sections('docs/runbook.md');
  for (const alert of alerts) {
    const text = runbook.get(alert);
    assert.ok(text, `docs/runbook.md has no section ${alert}`);
    for (const part of ['Means', 'Look at', 'Do', 'Over']) {
      assert.match(text, new RegExp(`^- \\*\\*${part}:\\*\\* \\S`, 'm'), `${alert} has no "${part}"`);
    }
  }
  const written = [...runbook.keys()].filter((heading) => /^Cm[A-Z]/.test(heading));
  assert.deepEqual(written.sort(), alerts.sort(), 'and of no others');
});

test('each alert links to its section of the runbook', () => {
  const rules = read('deploy/prometheus/alerts.yml').split(/^ *- alert: /m).slice(1);
  for (const rule of rules) {
    const [name] = rule.split('\n');
    assert.match(rule, new RegExp(`runbook: "docs/runbook.md#${name.toLowerCase()}"`), name);
  }
});

test('the runbook has a row for each exit status in the code, and a section for each error', () => {
  const statuses = [...read('core/base/exit_status.hpp').matchAll(/^ +\w+ = (\d+),/gm)].map(([, number]) => number);
  assert.deepEqual(statuses.slice(0, 2), ['0', '1']);
  const runbook = sections('docs/runbook.md');
  const rows = [...runbook.get('Exit statuses').matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, numbers]) => numbers.split(', '));
  assert.deepEqual(rows, [...statuses, '130', '143']);
  for (const status of statuses.filter((number) => Number(number) > 1)) {
    assert.ok(runbook.has(`Exit status ${status}`), `docs/runbook.md has no section "Exit status ${status}"`);
  }
});

test('the operations page describes how to change each secret of the configuration', () => {
  const keys = [...read('docs/configuration.md').matchAll(/^\| (.*?) \| (.*?) \| (secret) \|/gm)];
  const secrets = keys.map(([, key, variables]) => (key === '–' ? variables.split(', ')[0] : key.split(', ')[0]));
  assert.ok(secrets.length >= 7, secrets.join());
  const rotation = sections('docs/operations.md').get('Changing a secret');
  for (const secret of secrets) assert.ok(rotation.includes(secret), `nothing about ${secret}`);
});

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page) {
  const seen = new Map();
  return new Set(
    [...read(page).replace(/^```[^]*?^```/gm, '').matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) => {
      const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const anchor = plain.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

test('every link between the pages leads to an existing file and heading', () => {
  const listed = execFileSync('git', ['-c', `safe.directory=${root}`, 'ls-files', '--', '*.md'], { cwd: root, encoding: 'utf8' });
  const pages = listed.trimEnd().split('\n');
  assert.ok(pages.includes('docs/runbook.md'));
  const broken = [];
  for (const page of pages) {
    const text = read(page).replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file, anchor] = target.split('#');
      const path = file === '' ? page : normalize(join(dirname(page), file));
      if (!existsSync(join(root, path))) broken.push(`${page}: ${target}`);
      else if (anchor !== undefined && path.endsWith('.md') && !anchors(path).has(anchor)) broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});
