/* suggest.h -- "did you mean": the known name nearest to a mistyped one.
 *
 * Owns:    nothing.
 * Threads: any. */
#ifndef SHELL_SUGGEST_H
#define SHELL_SUGGEST_H
#include <stddef.h>

/* The nearest of `count` names by edit distance, or NULL if none is near (a third of the letters
 * may differ, rounded up, at most three). */
const char *suggest_name(const char *typed, const char *const *names, size_t count);
#endif
