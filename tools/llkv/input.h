/* input.h -- text that arrives piece by piece and is run as soon as statements are complete.
 *
 * Owns:    the text that has not been run.
 * Threads: one at a time. */
#ifndef SHELL_INPUT_H
#define SHELL_INPUT_H
#include "llkv/shell.h"
#include "llkv/splitter.h"

/* Zero-initialised: empty; set first_line to 1. */
struct input {
    struct slt_text text;
    size_t at;           /* the statement being collected begins here */
    uint32_t first_line; /* the number of the first line in `text` */
    const char *name;    /* of the file, or NULL */
    struct splitter splitter;
};

/* Run every complete statement and dot command; with `final` also what is left, complete or not. */
void input_run(struct input *input, struct shell *shell, bool final);
/* Nothing but blanks is waiting? */
bool input_is_empty(const struct input *input);
/* Drop what is waiting. */
void input_drop(struct input *input);
#endif
