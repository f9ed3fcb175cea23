#!/usr/bin/env bash
# `make test`: build dev and release, run every test of both, our SLT files, the corpus list.
#
# Everything is run even after a failure; exits 1 if anything failed.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()
step() {
  local name=$1
  shift
  echo "== $name"
  "$@" || failed+=("$name")
}

scripts/deps.sh build test || exit 1
scripts/build.sh dev || exit 1
scripts/build.sh release || exit 1
step "tests, dev build" scripts/ctest.sh dev
step "tests, release build" scripts/ctest.sh release
step "SLT corpus, files of tests/slt/PASSING" scripts/slt.sh passing
step "the same with the smallest storage units" scripts/slt.sh passing -- --slt-debug

if ((${#failed[@]} > 0)); then
  printf 'failed: %s\n' "${failed[@]}"
  exit 1
fi
echo "all tests passed"
