/**
 * Has statements judged by the validator of Learning Locker, and stored by its LRS, in memory. `tests/conformance/run` calls
 * this script.
 *
 *   node check.js PACKAGES STATEMENTS      both must take all statements
 *   node check.js PACKAGES --count STATEMENTS      only prints how many statements the validator refuses
 *
 * The validator refuses ids that begin with `block-v1:`, although RFC 3987 allows hyphens in schemes. So statements with such
 * ids are counted, and judged and stored once more without the hyphens. Statements that have the id of another one get an id
 * of their own in the LRS.
 */
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');

const [packages, ...rest] = process.argv.slice(2);
const file = rest.pop();
const onlyCounts = rest.includes('--count');
const load = (name) => require(path.join(packages, 'node_modules/@learninglocker', name));
const validate = load('xapi-validation/dist/factory.js').statement;
const BLOCK = 'block-v1:';

/** Returns a service that keeps statements in memory. */
function newStore() {
  const part = (name) => load(`xapi-statements/dist/${name}`).default;
  const repo = {
    ...part('repo/eventsRepo/factory')({ facade: 'test' }),
    ...part('repo/authRepo/factory')({ facade: 'test', fake: {} }),
    ...part('repo/modelsRepo/factory')({ facade: 'memory', memory: { state: {} } }),
  };
  const silent = () => undefined;
  return part('service/index')({
    repo,
    logger: { error: console.error, warn: silent, info: silent, debug: silent, silly: silent },
    tracker: Promise.resolve(silent),
    enableConflictChecks: true,
    enableVoidingChecks: true,
    enableStatementCreation: true,
    enableVoiding: true,
    enableReferencing: true,
    enableActivityUpdates: true,
    awaitUpdates: true,
  });
}

const CLIENT = {
  _id: 'client',
  title: 'client',
  lrs_id: '111111111111111111111111',
  organisation: '111111111111111111111111',
  authority: { objectType: 'Agent', mbox: 'mailto:client@example.org' },
  scopes: ['all'],
  isTrusted: true,
};

const isAboutBlock = (warning) =>
  typeof warning.data === 'string' && warning.data.startsWith(BLOCK) && warning.path[warning.path.length - 1] === 'id';

/** Returns the statement with ids that the validator takes. */
const withoutHyphens = (statement) => JSON.parse(JSON.stringify(statement), (key, value) =>
  key === 'id' && typeof value === 'string' && value.startsWith(BLOCK) ? value.replace(BLOCK, 'blockv1:') : value);

async function main() {
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
  const store = onlyCounts ? undefined : newStore();
  const ids = new Set();
  const counts = { statements: lines.length, valid: 0, 'only block-v1: ids': 0, invalid: 0, stored: 0 };
  const problems = [];
  for (const line of lines) {
    let statement = JSON.parse(line);
    const warnings = validate(statement, ['statement']);
    if (warnings.length === 0) {
      counts.valid += 1;
    } else if (warnings.every(isAboutBlock)) {
      counts['only block-v1: ids'] += 1;
    } else {
      counts.invalid += 1;
      const shown = warnings.map((warning) => `${warning.constructor.name} at ${warning.path.join('.')}: ${JSON.stringify(warning.data)}`);
      problems.push(`${shown.join('\n')}\n    ${line}`);
    }
    if (onlyCounts) {
      continue;
    }
    statement = withoutHyphens(statement);
    if (ids.has(statement.id)) {
      statement.id = crypto.randomUUID();
    }
    ids.add(statement.id);
    try {
      await store.storeStatements({ client: CLIENT, attachments: [], models: [statement] });
      counts.stored += 1;
    } catch (error) {
      problems.push(`not stored: ${error.constructor.name} ${JSON.stringify(error.warnings || error.message)}\n    ${line}`);
    }
  }
  console.log(`${path.basename(file)}: ${JSON.stringify(counts)}`);
  if (!onlyCounts && (problems.length > 0 || counts.stored === 0)) {
    console.error(problems.slice(0, 10).join('\n'));
    console.error(`${problems.length} problems`);
    process.exit(1);
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
