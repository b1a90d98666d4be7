#!/usr/bin/env node
// npm calls `node-gyp rebuild` for any package with a binding.gyp once it installs from a lock file, even where the package
// says `gypfile: false`. Nothing here needs compiling to start (what a PKCS#11 token needs, a command builds), and a user's machine may have no compiler, so nothing is done.
