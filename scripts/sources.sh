#!/usr/bin/env bash
# Print the C files of the project, one per line: what is formatted and checked.
set -euo pipefail
cd "$(dirname "$0")/.."
for folder in include src tools tests bench examples bindings; do
  [[ -d $folder ]] && find "$folder" -name node_modules -prune -o -type f -name '*.[ch]' -print
done | LC_ALL=C sort
