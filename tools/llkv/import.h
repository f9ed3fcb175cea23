/* import.h -- .import: a file of delimited text into a table.
 *
 * Owns:    nothing between calls.
 * Threads: one at a time. */
#ifndef SHELL_IMPORT_H
#define SHELL_IMPORT_H
#include "llkv/interrupt.h"
#include "llkv/shell.h"

#define IMPORT_ARGUMENTS "[--csv|--tabs|--separator C] [--skip N] [--header|--noheader] FILE TABLE"

/* Run `.import` with the words behind it. A table that is not there is created from what the file
 * seems to hold. What was found out is told on shell->out. */
void import_run(struct shell *shell, char *const *word, size_t count);
#endif
