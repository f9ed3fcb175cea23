# The libraries that LLKV stands on, as the imported targets PkgConfig::<NAME>.
#
# LLKV_PC_MODULES is the same list for llkv.pc and llkvConfig.cmake.
include_guard(GLOBAL)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

set(LLKV_PC_MODULES libxxhash libutf8proc libpcre2-8)
pkg_check_modules(LLKV_XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(LLKV_UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(LLKV_PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
set(LLKV_LINK PkgConfig::LLKV_XXHASH PkgConfig::LLKV_UTF8PROC PkgConfig::LLKV_PCRE2
    Threads::Threads m)
