// `npm run package [-- TARGET ...]`: creates the packages artifacts/packages/plue-TARGET-VERSION.vsix; all of them if no target is given.
//   --strict  fails for one that cannot be created here     --pre-release  marks them as pre-release     --list  prints the targets as JSON
import { parseArgs } from 'node:util';
import { installPackages } from './lib/build.mjs';
import { makePackage, megabytes } from './lib/packages.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { WrongOption, runMain } from './lib/progress.mjs';
import { NotInRegistry } from './lib/publish.mjs';
import { targets } from './lib/targets.mjs';

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { strict: { type: 'boolean' }, 'pre-release': { type: 'boolean' }, list: { type: 'boolean' } },
  });
  if (values.list)
    return console.log(
      JSON.stringify(Object.entries(targets).map(([target, { runner, container = '' }]) => ({ target, runner, container }))),
    );
  const unknown = positionals.find((name) => !(name in targets));
  if (unknown) throw new WrongOption(`There is no target \`${unknown}\`: ${Object.keys(targets).join(', ')}.`);
  requireNode();
  await requireDotnet();
  await installPackages();
  // A target given by name must be created.
  const isStrict = values.strict || positionals.length > 0;
  const left = [];
  for (const target of positionals.length > 0 ? positionals : Object.keys(targets)) {
    try {
      const { file, bytes } = await makePackage(target, { preRelease: values['pre-release'] ?? false });
      console.log(`${target.padEnd(12)}  ${megabytes(bytes).padStart(8)}  ${file}`);
    } catch (error) {
      if (!(error instanceof NotInRegistry)) throw error;
      left.push(`${target} (${error.message.replace(/\.$/, '')})`);
    }
  }
  if (left.length > 0) console.log(`Not packed here: ${left.join('; ')}. The release workflow makes each on a system of its own.`);
  return isStrict && left.length > 0 ? 1 : 0;
});
