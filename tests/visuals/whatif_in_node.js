// Runs the browser's what-if in node: {scripts, cases: [{facts, knobs: [...]}]} on standard input, answers on output.
const fs = require('fs');
const vm = require('vm');

const { scripts, cases } = JSON.parse(fs.readFileSync(0, 'utf8'));
const context = { window: {} };
vm.createContext(context);
vm.runInContext(scripts, context);
const { whatif } = context.window.DraftScope;
const answers = cases.map(({ facts, knobs }) => knobs.map((asked) => whatif(facts, asked)));
process.stdout.write(JSON.stringify(answers));
