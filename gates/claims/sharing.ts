import { web3, type Area } from './claim.ts'

const share = `${web3}/share`
const places = { file: `${share}/places.test.ts`, test: 'is not %s: it holds what is private' }
const sharing = `${share}/sharing.test.ts`

export const sharingClaims: Area = {
  title: 'What a machine shares',
  against: 'Programs that answer on the machine, and an owner in a hurry.',
  claims: [
    {
      claim: 'Looking for what can be shared follows no redirect away from this machine.',
      file: `${share}/probe.ts`,
      enforcedBy: 'hear',
      caughtBy: {
        file: `${share}/recognise.test.ts`,
        test: 'is nobody when it sends us elsewhere: no redirect is followed',
      },
      loss: { line: "redirect: 'manual',", replacement: "redirect: 'follow'," },
    },
    {
      claim: 'No folder is shared that is, holds or lies in the state of OpenClaw.',
      file: `${share}/places.ts`,
      enforcedBy: 'whyPrivate',
      caughtBy: places,
      loss: {
        line: 'if (isWithin(folder, state) || isWithin(state, folder))',
        replacement: 'if (folder === state)',
      },
    },
    {
      claim: 'No home is shared as a whole.',
      file: `${share}/places.ts`,
      enforcedBy: 'whyPrivate',
      caughtBy: places,
      loss: { line: 'if (isWithin(home, folder))', replacement: 'if (false)' },
    },
    {
      claim: 'No hidden folder is shared.',
      file: `${share}/places.ts`,
      enforcedBy: 'whyPrivate',
      caughtBy: places,
      loss: { line: "part.startsWith('.')", replacement: "part === '.'" },
    },
    {
      claim: 'A link does not lead around these rules.',
      file: `${share}/places.ts`,
      enforcedBy: 'openFolder',
      caughtBy: {
        file: `${share}/places.test.ts`,
        test: 'is looked at behind its links, and no refusal repeats its path',
      },
      loss: {
        line: 'const real = await realpath(folder).catch(() => undefined)',
        replacement: 'const real = folder',
      },
    },
    {
      claim: 'A model that its server names by the path of its file is shown without the path.',
      file: `${share}/model-name.ts`,
      enforcedBy: 'labelOfModel',
      caughtBy: {
        file: `${share}/model-name.test.ts`,
        test: '%j is shown as %j: a folder of this machine is nobody’s business',
      },
      loss: { line: ".findLast((part) => part !== '')", replacement: ".join('/')" },
    },
    {
      claim: 'Neither a butler nor a wallet shares anything of the machine.',
      file: `${share}/start-capability.ts`,
      enforcedBy: 'startCapability',
      caughtBy: { file: sharing, test: 'is for the owner at the gateway alone' },
      loss: { line: "doors: ['gateway'],", replacement: "doors: ['gateway', 'tool', 'api']," },
    },
    {
      claim: 'The list that says where shared things are is for its owner alone to read.',
      file: `${web3}/provider/backends/durable-file.ts`,
      enforcedBy: 'writeTemporary',
      caughtBy: {
        file: sharing,
        test: 'serves and is sold at once, and again after a restart, from a file that only the owner reads',
      },
      loss: { line: '0o600,', replacement: '0o644,' },
    },
    {
      claim: 'Whoever has leased a thing uses it to the end of the lease, though it is shared no more.',
      file: `${share}/tend.ts`,
      enforcedBy: 'finishStopping',
      caughtBy: {
        file: sharing,
        test: 'leaves the market when it is stopped, and goes when its last lease has ended',
      },
      loss: {
        line: 'if (!overridden && (await isNeeded(market, name, web3.backends.get(name)))) return false',
        replacement: '',
      },
    },
    {
      claim:
        'What is shared is written down before it is sold, so that no crash leaves a sale that nothing serves.',
      file: `${share}/start-capability.ts`,
      enforcedBy: 'share',
      caughtBy: {
        file: `${share}/killed-sharing.test.ts`,
        test: 'before it is sold: it is on the list only, and the next start sells it',
      },
      loss: {
        line: "await web3.sharing.put({ name, resourceId, driver, status: 'sharing' })",
        replacement: '',
      },
    },
  ],
}
