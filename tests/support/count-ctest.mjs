// Counts the test cases in a JUnit file of ctest: the cases of a Catch2 program if its output has them, else 1 each.
//   node count-ctest.mjs FILE   prints "PASSED FAILED"; appends the output of failed programs to file CM_FAILURES
import { appendFileSync, readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
for (const [, attributes, body = ''] of readFileSync(process.argv[2], 'utf8').matchAll(
  /<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g,
)) {
  const ok = /\bstatus="run"/.test(attributes);
  const all = /All tests passed \(\d+ assertions? in (\d+) test cases?\)/.exec(body);
  if (!ok && process.env.CM_FAILURES) {
    const name = /\bname="([^"]*)"/.exec(attributes)?.[1];
    appendFileSync(process.env.CM_FAILURES, `--- ${name}\n${body.slice(-3_000)}\n`);
  }
  const some = /^test cases:\s*(\d+)(?:[^\n]*?\|\s*(\d+) passed)?(?:[^\n]*?\|\s*(\d+) failed)/m.exec(body);
  if (ok) {
    passed += Number(all?.[1] ?? 1);
  } else if (some) {
    passed += Number(some[2] ?? 0);
    failed += Number(some[3]);
  } else {
    failed += 1;
  }
}
console.log(`${passed} ${failed}`);
