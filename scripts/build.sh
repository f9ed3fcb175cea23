#!/usr/bin/env bash
# Configure (once) and build: scripts/build.sh PRESET [TARGET ...]. Without targets, everything.
#
# After a release build the command and the libraries are put at build/, where everybody finds them.
# Messages go to standard error: what follows in `make run` owns standard output.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=$1
shift
dir=build/$preset
if [[ ! -f $dir/build.ninja ]]; then
  cmake --preset "$preset" >&2
fi
cmake --build "$dir" ${1:+--target "$@"} >&2

if [[ $preset == release ]]; then
  for file in "$dir"/llkv "$dir"/libllkv.a "$dir"/libllkv.so*; do
    [[ -e $file ]] && cp -af "$file" build/
  done
fi
exit 0
