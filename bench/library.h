/* library.h -- functions out of a shared library that is there only while measuring.
 *
 * Owns:    nothing; the library stays loaded until the program ends.
 * Threads: one.
 * Holds:   a table of wanted functions is filled completely or not at all used. */
#ifndef BENCH_LIBRARY_H
#define BENCH_LIBRARY_H
#include <stddef.h>

#include <stdbool.h>

#include "engine.h"

/* A function to find: its name, and where its address goes. */
struct bench_symbol {
    const char *name;
    void *slot;
};

/* Load the library and fill every slot, each a pointer to a function. False, with the error set, if
 * there is no such library or one of the functions is not in it. */
bool bench_library_load(const char *path, const struct bench_symbol *symbols, size_t count,
                        struct bench_error *error);
#endif
