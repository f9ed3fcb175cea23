#!/usr/bin/env bash
# Run the tests of a build folder: scripts/ctest.sh PRESET [options of ctest].
#
# Under the thread sanitizer the address space is not randomised, where the machine allows to ask for
# that: gcc 12's runtime does not know the layouts of newer kernels.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=$1
shift
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}
run=()
if [[ $preset == tsan ]] && setarch "$(uname -m)" -R true 2>/dev/null; then
  run=(setarch "$(uname -m)" -R)
fi
exec "${run[@]}" ctest --test-dir "build/$preset" -j "$(nproc)" --output-on-failure "$@"
