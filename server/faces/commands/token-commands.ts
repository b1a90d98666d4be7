import { buildNativeToken } from '../../runtime/build-native-token.ts';
import type { BareCommand } from './command.ts';

export const tokenBuild: BareCommand = {
  usage: 'token build',
  about: 'compiles what PKCS#11 needs and installing leaves out; once, with a C++ compiler',
  options: {},
  words: 0,
  bare: true,
  async run({ print }) {
    print(`built ${await buildNativeToken()}`);
    return 0;
  },
};
