#!/usr/bin/env bash
# Install what Debian 12 lacks for a job: scripts/deps.sh build|test|lint|matrix|bench ...
#
# Does nothing, and asks for nothing, when everything is there. As root, or with sudo, it installs;
# otherwise it prints the one command that somebody with rights has to run, and exits 1.
set -euo pipefail

build=(make gcc libc6-dev binutils cmake ninja-build pkg-config re2c lemon
  libxxhash-dev libutf8proc-dev libpcre2-dev libedit-dev libuv1-dev libmd-dev zlib1g-dev
  libcmocka-dev python3)
test=(g++ git xz-utils spin)
lint=(clang-tidy clang-format cppcheck)
matrix=(clang llvm libclang-rt-14-dev gcovr)
bench=(libsqlite3-dev)

wanted=("${build[@]}")
for job in "${@:-build}"; do
  case $job in
    build) ;;
    test) wanted+=("${test[@]}") ;;
    lint) wanted+=("${lint[@]}") ;;
    matrix) wanted+=("${test[@]}" "${matrix[@]}") ;;
    bench)
      wanted+=("${bench[@]}")
      command -v npm >/dev/null || wanted+=(npm)
      ;;
    *)
      echo "scripts/deps.sh: no job '$job' (build, test, lint, matrix, bench)" >&2
      exit 2
      ;;
  esac
done

if ! command -v dpkg-query >/dev/null; then
  echo "Not a Debian system; LLKV needs what these Debian packages hold: ${wanted[*]}" >&2
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $state == installed ]] || missing+=("$package")
done
((${#missing[@]} == 0)) && exit 0
mapfile -t missing <<<"$(printf '%s\n' "${missing[@]}" | sort -u)"

as_root=()
if ((EUID != 0)); then
  if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
    as_root=(sudo)
  else
    echo "These Debian packages are missing: ${missing[*]}" >&2
    echo "Install them, as root, with: apt-get install ${missing[*]}" >&2
    exit 1
  fi
fi

# Output goes to standard error: what follows in `make run` owns standard output.
echo "Installing: ${missing[*]}" >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get -qq -y --no-install-recommends install "${missing[@]}" </dev/null >&2
