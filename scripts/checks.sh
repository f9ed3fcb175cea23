#!/usr/bin/env bash
# The checkers of tools/, one line each. They read the tree; the last two read a release
# build, where there is one. Prints "ok" or "FAILED" per check; exits 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export PYTHONDONTWRITEBYTECODE=1

status=0
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "ok      $name"
  else
    status=1
    echo "FAILED  $name"
  fi
  [[ -n $output ]] && sed 's/^/        /' <<<"$output"
}

check "layers" python3 tools/check_layers.py
check "banned calls and words" python3 tools/check_banned.py
check "function and file size" python3 tools/check_functions.py
check "headers compile alone" python3 tools/check_headers.py
check "page of functions" python3 tools/gen_functions.py --check
check "corpus list only grows" python3 tools/check_ratchet.py
if [[ -e build/libllkv.a ]]; then
  check "exported symbols" python3 tools/check_symbols.py build/libllkv.a build/libllkv.so
fi
if [[ -x build/llkv ]]; then
  check "examples in the documents" python3 tools/check_docs.py
fi
exit $status
