#!/usr/bin/env node
// npm calls `node-gyp rebuild` for any package with a binding.gyp once it installs from a lock file, even where the package
// says `gypfile: false`. Nothing here needs compiling, and a user's machine may have no compiler, so nothing is done.
