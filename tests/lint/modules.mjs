// Parses JavaScript modules without running them, and reports those with syntax errors.
//   node --experimental-vm-modules tests/lint/modules.mjs FILE…
import { readFileSync } from 'node:fs';
import { SourceTextModule } from 'node:vm';

for (const file of process.argv.slice(2)) {
  try {
    new SourceTextModule(readFileSync(file, 'utf8').replace(/^#!/, '//'), { identifier: file });
  } catch (error) {
    console.log(`${file}: ${error.message}`);
  }
}
