// Faults that take long, applied to all changes concurrently: each change has its own database connection.
import { slowness } from './paths.mjs';
import { lockedTablesOf, ofChange } from './statements.mjs';
import { sleep, until } from './wait.mjs';

/** A trap for many connections: triggers once on each connection, at the statement with this number. */
class Round {
  constructor(number) {
    this.number = number;
    this.counts = new Map();
    this.stopped = [];
    this.seen = 0;
    this.released = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  take(command) {
    if (!ofChange(command)) return undefined;
    this.seen += 1;
    const count = (this.counts.get(command.link) ?? 0) + 1;
    this.counts.set(command.link, count);
    if (count !== this.number) return undefined;
    return async (link) => {
      this.stopped.push({ link, command });
      await this.released;
    };
  }
}

/** Runs all changes concurrently, stops each at statement `number`, then calls `then(round, kill)`. */
async function stopAll(bench, learned, number, fault, then) {
  const testCases = [];
  for (const [change, statements] of learned) {
    if (number > statements.length || change.once) continue;
    testCases.push(bench.begin(change, fault, number, statements[number - 1], await bench.make(change)));
  }
  if (testCases.length === 0) return;
  await until(async () => (await bench.read('SELECT COUNT(*) FROM event_outbox'))[0][0] === '0', { what: 'an empty outbox' });
  const round = new Round(number);
  bench.proxy.trap = round;
  let kill;
  const killed = new Promise((resolve) => {
    kill = resolve;
  });
  let answered = 0;
  const answers = testCases.map((testCase) =>
    bench.ask(testCase, killed).finally(() => {
      answered += 1;
    }),
  );
  // No progress for a while: passwords are hashed before the first statement.
  let last = -1;
  const quiet = () => {
    const now = round.seen + answered * 1_000;
    const still = now === last;
    last = now;
    return still && (round.stopped.length > 0 || answered === testCases.length);
  };
  await until(quiet, { interval: 400, timeout: 20_000 * slowness, what: 'all of them stopped' });
  bench.notes.push(`${fault} ${number}: ${round.stopped.length} of ${testCases.length} stopped`);
  await then(round, kill);
  const codes = await Promise.all(answers);
  bench.proxy.disarm();
  await bench.cm.up(60_000);
  const isKilled = fault.startsWith('killed');
  for (const [i, testCase] of testCases.entries()) await bench.settle(testCase, codes[i], { killed: isKilled });
}

/** Kills the process before every statement reaches the server (`forwarded`: after), and restarts it. */
export async function killRound(bench, learned, number, forwarded) {
  return stopAll(bench, learned, number, `killed ${forwarded ? 'behind' : 'before'} the statement`, async (round, kill) => {
    if (forwarded) for (const { link, command } of round.stopped) link.forward(command, { swallow: true });
    await bench.cm.kill();
    kill();
    bench.proxy.disarm();
    round.release();
    bench.proxy.cut();
    bench.cm.launch();
    await bench.cm.up(60_000);
  });
}

/** Delays the server's answer to every statement until the request's deadline has passed. */
export async function holdRound(bench, learned, number, hold) {
  return stopAll(bench, learned, number, 'answer behind the deadline', async (round) => {
    await Promise.all(round.stopped.map(({ link, command }) => hold(link, command)));
    round.release();
  });
}

/** Runs all changes that lock rows of a table, while another session locks it for longer than a request may take. */
export async function lockRound(bench, learned, table, time) {
  const testCases = [];
  for (const [change, statements] of learned) {
    const number = 1 + statements.findIndex((sql) => lockedTablesOf(sql).has(table));
    if (number === 0) continue;
    testCases.push(bench.begin(change, `${table} held behind the deadline`, number, statements[number - 1], await bench.make(change)));
  }
  await bench.hold(table);
  const answers = testCases.map((testCase) => bench.ask(testCase));
  await sleep(time);
  await bench.holder.run('ROLLBACK');
  const codes = await Promise.all(answers);
  await bench.cm.up(60_000);
  for (const [i, testCase] of testCases.entries()) await bench.settle(testCase, codes[i]);
}
