#!/usr/bin/env bash
# `make lint`: what tools can see by reading. Everything is run; exits 1 if anything was found.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()
step() {
  local name=$1
  shift
  echo "== $name"
  "$@" || failed+=("$name")
}

tidy_some() {
  local pattern=$1
  shift
  run-clang-tidy -quiet -p build/dev -j "$(nproc)" "$@" "$PWD/$pattern" 2>/dev/null |
    sed 's/\x1b\[[0-9;]*m//g'
}

tidy() {
  {
    # What is included in front of a file comes before the feature macros that it defines.
    tidy_some 'src/(?!base/cx[.]c).*[.]c$' -extra-arg="-I$PWD/src" -extra-arg="-I$PWD/include" \
      -extra-arg=-D_GNU_SOURCE=1 -extra-arg=-include -extra-arg="$PWD/scripts/lint.h"
    tidy_some '(src/base/cx|tools/.*)[.]c$'
  } >build/clang-tidy.log
  grep -E 'warning:|error:' build/clang-tidy.log | sort -u
  ! grep -qE 'warning:|error:' build/clang-tidy.log
}

scripts/build.sh dev || exit 1
step "clang-format" bash -c 'scripts/sources.sh | xargs clang-format --dry-run -Werror'
step "cppcheck" cppcheck --quiet --std=c11 --enable=warning,portability,performance --inline-suppr \
  --suppressions-list=.cppcheck --error-exitcode=1 -j "$(nproc)" -I include -I src -I tools \
  src tools
step "checkers" scripts/checks.sh
step "clang-tidy" tidy

if ((${#failed[@]} > 0)); then
  printf 'failed: %s\n' "${failed[@]}"
  exit 1
fi
echo "nothing found"
