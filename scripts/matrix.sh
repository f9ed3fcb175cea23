#!/usr/bin/env bash
# `make matrix`: the configurations that are too long for every change. Everything is run even after
# a failure; exits 1 if anything failed. LLKV_FUZZ_SECONDS (60) is the time for each fuzz target.
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${LLKV_FUZZ_SECONDS:-60}

failed=()
step() {
  local name=$1
  shift
  echo "== $name"
  "$@" || failed+=("$name")
}

tested() {
  scripts/build.sh "$1" && scripts/ctest.sh "$@"
}

# Every fuzz target for a while, on a copy of its seeds. New inputs and crashes stay in build/fuzz/.
fuzz() {
  scripts/build.sh fuzz || return 1
  local target name seeds status=0
  for target in build/fuzz/tests/fuzz/*; do
    [[ -f $target && -x $target ]] || continue
    name=$(basename "$target")
    mkdir -p "build/fuzz/found/$name"
    echo "-- $name, $seconds seconds"
    seeds=tests/fuzz/corpus/${name#fuzz_}
    "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
      -artifact_prefix="build/fuzz/found/$name-" "build/fuzz/found/$name" \
      $([[ -d $seeds ]] && echo "$seeds") >"build/fuzz/$name.log" 2>&1 || {
      status=1
      tail -30 "build/fuzz/$name.log"
    }
  done
  return $status
}

coverage() {
  scripts/build.sh coverage && scripts/ctest.sh coverage || return 1
  gcovr --root . --filter src/ --object-directory build/coverage --exclude-unreachable-branches \
    --exclude-throw-branches --print-summary --txt build/coverage/coverage.txt \
    --html-details build/coverage/coverage.html | tail -4
}

scripts/deps.sh matrix || exit 1
step "release" scripts/build.sh release
step "clang" tested clang
step "release with assertions" tested release-assert
step "address and undefined behaviour sanitizers" tested asan
step "thread sanitizer" tested tsan -LE sweep # a sweep is one thread
step "SLT corpus without optimizer rules" scripts/slt.sh rules
step "SLT corpus without pruning" scripts/slt.sh passing -- --slt-no-pruning
step "SLT corpus, a thread for each connection" scripts/slt.sh passing -- --slt-runtime multi
step "exported symbols" python3 -B tools/check_symbols.py build/libllkv.a build/libllkv.so
step "install and an external consumer" scripts/consumer.sh
step "fuzzing" fuzz
step "coverage" coverage

if ((${#failed[@]} > 0)); then
  printf 'failed: %s\n' "${failed[@]}"
  exit 1
fi
echo "the whole matrix passed"
