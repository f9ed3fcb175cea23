#!/usr/bin/env bash
# Run sqllogictest files with build/llkv.
#
#   scripts/slt.sh own               tests/slt
#   scripts/slt.sh passing           the corpus files listed in tests/slt/PASSING
#   scripts/slt.sh rules             the same, without optimizer rules
#   scripts/slt.sh corpus [PATH..]   corpus files or folders, by their path in the corpus; all of it
#   scripts/slt.sh update [PATH..]   run them, and add what passes to tests/slt/PASSING
#   scripts/slt.sh unpack            only unpack the corpus to build/slt-corpus
#
# Options of the harness may follow a `--`: scripts/slt.sh own -- --slt-debug
# LLKV_SLT_JOBS (one for each processor) is the number of files at a time.
# The corpus comes from the folder in LLKV_SLT_SOURCE (default: ../shared/slt), which holds a program
# `unpack DIR`. Where that is missing, the jobs that need it say so and succeed.
set -euo pipefail
cd "$(dirname "$0")/.."

llkv=${LLKV:-build/llkv}
source_dir=${LLKV_SLT_SOURCE:-../shared/slt}
corpus=build/slt-corpus
passing=tests/slt/PASSING
jobs=${LLKV_SLT_JOBS:-$(nproc)}

# Leaves the script, with success, where there is no corpus to be had.
unpack() {
  if [[ -f $corpus/MANIFEST.tsv ]]; then return; fi
  if [[ ! -x $source_dir/unpack ]]; then
    echo "No corpus: $source_dir/unpack is not there."
    exit 0
  fi
  "$source_dir/unpack" "$corpus" >&2
}

# Every file of the list is in the corpus? The harness runs what it finds.
listed_files_exist() {
  local file status=0
  while IFS= read -r file; do
    [[ -z $file || $file == \#* || -f $corpus/$file ]] && continue
    echo "$passing names $file, which the corpus does not hold" >&2
    status=1
  done <"$passing"
  return $status
}

# Run the listed files that a pattern for grep chooses: listed_run [-v] PATTERN [OPTION...]
listed_run() {
  local choose=(-E)
  if [[ $1 == -v ]]; then
    choose+=(-v)
    shift
  fi
  local pattern=$1 list status=0
  shift
  list=$(mktemp)
  grep "${choose[@]}" "$pattern" "$passing" >"$list" || true
  "$llkv" --slt "$corpus" --slt-from "$list" -j "$jobs" "$@" || status=$?
  rm -f "$list"
  return $status
}

# The names of the optimizer rules, but those that a pattern for grep chooses, with commas between.
rules_but() {
  sed -n 's/^    X(\([a-z_]*\), .*/\1/p' src/plan/settings.h | grep -vxE "$1" | paste -sd,
}

job=${1:-own}
shift || true
paths=()
while (($# > 0)) && [[ $1 != -- ]]; do
  paths+=("$1")
  shift
done
[[ ${1:-} == -- ]] && shift
slt=()
for path in "${paths[@]:-}"; do slt+=(--slt "$corpus/$path"); done

case $job in
  unpack) unpack ;;
  own) "$llkv" --slt tests/slt -j "$jobs" "$@" ;;
  passing)
    unpack
    if ! grep -qv -e '^#' -e '^$' "$passing"; then
      echo "$passing lists no files."
      exit 0
    fi
    listed_files_exist
    "$llkv" --slt "$corpus" --slt-from "$passing" -j "$jobs" "$@"
    ;;
  rules)
    # Three files join up to 64 tables: without these three rules they would run for years.
    unpack
    large='/(select[45]|test_filter_pushdown_large)[.]test$'
    status=0
    listed_run -v "$large" --slt-disable all "$@" || status=1
    listed_run "$large" --slt-disable "$(rules_but 'pushdown|join_order|hash_join')" "$@" || status=1
    listed_run "$large" --slt-disable hash_join "$@" || status=1
    # The third needs pushdown: it has set operations on products of 10,000 rows by 10,000.
    listed_run '/select[45][.]test$' --slt-disable pushdown "$@" || status=1
    exit $status
    ;;
  corpus)
    unpack
    "$llkv" "${slt[@]}" -j "$jobs" "$@"
    ;;
  update)
    unpack
    found=$(mktemp)
    trap 'rm -f "$found" "$found.all"' EXIT
    "$llkv" "${slt[@]}" -j "$jobs" --slt-list-pass "$found" "$@" || true
    before=$(grep -cv -e '^#' -e '^$' "$passing" || true)
    { grep -v '^#' "$passing" || true; cat "$found"; } | sed '/^$/d' | LC_ALL=C sort -u >"$found.all"
    { grep '^#' "$passing" || true; cat "$found.all"; } >"$found"
    cat "$found" >"$passing"
    echo "$passing: $before files before, $(wc -l <"$found.all") now"
    ;;
  *)
    echo "scripts/slt.sh: no job '$job' (own, passing, rules, corpus, update, unpack)" >&2
    exit 2
    ;;
esac
