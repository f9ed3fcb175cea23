# For people; CMake does the work (docs/building.md). `make help` lists what there is.
.PHONY: all run test bench lint format asan tsan matrix clean help

all: ## build the release: build/llkv, build/libllkv.a, build/libllkv.so
	@scripts/build.sh release product

run: ## install what is missing, build, open the shell
	@scripts/deps.sh build
	@scripts/build.sh release product
	@build/llkv

test: ## install what is missing, build dev and release, run every test
	@scripts/test.sh

bench: all ## compare with the peers
	@scripts/deps.sh bench
	@bench/run

lint: ## clang-format, clang-tidy, cppcheck and our own checkers
	@scripts/deps.sh build lint
	@scripts/lint.sh

format: ## rewrite the C files as clang-format wants them
	@scripts/deps.sh build lint
	@scripts/sources.sh | xargs clang-format -i

asan: ## every test under the address and undefined behaviour sanitizers
	@scripts/deps.sh build test
	@scripts/build.sh asan
	@scripts/ctest.sh asan

tsan: ## every test under the thread sanitizer
	@scripts/deps.sh build test
	@scripts/build.sh tsan
	@scripts/ctest.sh tsan

matrix: ## clang, assertions, sanitizers, fuzzing, installed packages, coverage (long)
	@scripts/matrix.sh

clean: ## remove build/
	@rm -rf build

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 16
