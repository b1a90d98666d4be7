import { execFile } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { VaultError } from '../ports/signer.ts';

const require = createRequire(import.meta.url);
/** The sources that the package's own binding.gyp lists. */
const SOURCES = ['src/dl.cpp', 'src/common.cpp', 'src/main.cpp'] as const;

/**
 * Compiles the native part of pkcs11js to the path where the package looks for it. `npm ci` compiles nothing, and
 * node-gyp would download headers; these are Node-API's own headers, which fit every Node.js (package
 * node-api-headers).
 */
export async function buildNativeToken(compiler = process.env.CXX || 'c++'): Promise<string> {
  const home = dirname(require.resolve('pkcs11js/package.json'));
  const headers = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  const target = join(home, 'build/Release/pkcs11.node');
  const draft = `${target}.${process.pid}.new`;
  mkdirSync(dirname(target), { recursive: true });
  const shared = process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
  const flags = ['-std=c++17', '-O2', '-fPIC', ...shared, '-DNAPI_DISABLE_CPP_EXCEPTIONS'];
  const named = ['-DNODE_GYP_MODULE_NAME=pkcs11', '-Iincludes', `-I${headers}`];
  const libraries = process.platform === 'darwin' ? [] : ['-ldl'];
  try {
    await promisify(execFile)(compiler, [...flags, ...named, ...SOURCES, '-o', draft, ...libraries], {
      cwd: home,
    });
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    throw new VaultError(
      code === 'ENOENT'
        ? `there is no C++ compiler ${compiler}: install one (Debian: g++), or name yours in CXX`
        : `the native part of PKCS#11 cannot be compiled: ${(stderr ?? '').slice(0, 2000)}`,
    );
  }
  renameSync(draft, target);
  return target;
}
