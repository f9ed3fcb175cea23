#!/usr/bin/env bash
# Install the release build below build/stage and use it from outside, as a stranger's project would:
# with find_package and with pkg-config, from C and C++, static and shared.
set -euo pipefail
cd "$(dirname "$0")/.."

stage=$PWD/build/stage
rm -rf "$stage" build/consumer
cmake --install build/release --prefix "$stage" >/dev/null

for shared in OFF ON; do
  dir=build/consumer/shared-$shared
  cmake -S tests/consumer -B "$dir" -G Ninja -DCMAKE_PREFIX_PATH="$stage" \
    -DBUILD_SHARED_LIBS=$shared >/dev/null
  cmake --build "$dir" >/dev/null
  "$dir/consumer"
done

libdir=$(dirname "$(find "$stage" -name llkv.pc)")
export PKG_CONFIG_PATH=$libdir
version=$(pkg-config --modversion llkv)
read -ra flags <<<"$(pkg-config --cflags llkv) -DEXPECTED_VERSION=\"$version\""
read -ra shared <<<"$(pkg-config --libs llkv)"
read -ra static <<<"$(pkg-config --static --libs llkv)"
static=("${static[@]/#-lllkv/-l:libllkv.a}")
for compiler in "${CC:-gcc} -std=c17" "${CXX:-g++} -std=c++17 -x c++"; do
  # shellcheck disable=SC2086 # the words are the compiler and its options
  $compiler -Wall -Wextra -Werror "${flags[@]}" -c tests/consumer/main.c -o build/consumer/main.o
  "${CC:-gcc}" build/consumer/main.o "${shared[@]}" -Wl,-rpath,"$(dirname "$libdir")" \
    -o build/consumer/with-shared
  "${CC:-gcc}" build/consumer/main.o "${static[@]}" -o build/consumer/with-static
  build/consumer/with-shared
  build/consumer/with-static
done
"$stage/bin/llkv" --version
