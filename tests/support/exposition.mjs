// A strict parser of Prometheus' text format 0.0.4: throws for any violation of the format or the naming rules.
import assert from 'node:assert/strict';

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|NaN|[+-]Inf)$/;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;

function readLabels(text = '') {
  const labels = {};
  labelPair.lastIndex = 0;
  while (labelPair.lastIndex < text.length) {
    const at = labelPair.lastIndex;
    const found = labelPair.exec(text);
    assert.ok(found, `labels at ${at} of ${text}`);
    assert.ok(!(found[1] in labels), `a duplicate label: ${text}`);
    labels[found[1]] = found[2];
  }
  return labels;
}

/** A Map of name to {type, help, samples: [{name, labels, value}]}. */
export function parseExposition(text) {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const families = new Map();
  let family;
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP (\S+) (.+)$/.exec(line);
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (help) {
      assert.ok(!families.has(help[1]), `${help[1]} comes twice`);
      family = { name: help[1], help: help[2], samples: [] };
      families.set(family.name, family);
    } else if (type) {
      assert.equal(type[1], family?.name, 'TYPE follows HELP');
      family.type = type[2];
    } else {
      const found = sampleLine.exec(line);
      assert.ok(found && family?.type, `not a sample: ${line}`);
      const base = family.type === 'histogram' ? found[1].replace(/_(bucket|sum|count)$/, '') : found[1];
      assert.equal(base, family.name, `a sample of another family: ${line}`);
      family.samples.push({ name: found[1], labels: readLabels(found[2]), value: Number(found[3].replace('Inf', 'Infinity')) });
    }
  }
  for (const item of families.values()) checkFamily(item);
  return families;
}

function checkFamily({ name, type, samples }) {
  assert.equal(name.endsWith('_total'), type === 'counter', `${name}: counters, and only they, end with _total`);
  const seen = new Set();
  for (const sample of samples) {
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    assert.ok(!seen.has(key), `${key} comes twice`);
    seen.add(key);
    if (type !== 'gauge') assert.ok(sample.value >= 0, `${key} is negative`);
  }
  if (type !== 'histogram') return;
  let last = 0;
  for (const sample of samples) {
    if (sample.name.endsWith('_bucket')) {
      assert.ok(sample.value >= last, `${name}: buckets rise`);
      last = sample.labels.le === '+Inf' ? 0 : sample.value;
    }
  }
}

/** The sum of all samples of a metric that have the given labels. */
export function valueOf(families, name, labels = {}) {
  const family = families.get(name.replace(/_(bucket|sum|count)$/, '')) ?? families.get(name);
  assert.ok(family, `no ${name}`);
  const found = family.samples.filter(
    (item) => item.name === name && Object.entries(labels).every(([key, value]) => item.labels[key] === value),
  );
  assert.ok(found.length > 0, `no ${name} with ${JSON.stringify(labels)}`);
  return found.reduce((sum, item) => sum + item.value, 0);
}
