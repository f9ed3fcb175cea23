/* shell.h -- the command while it runs: an open database, and how to show what comes out of it.
 *
 * Owns:    the engine and the session.
 * Threads: one at a time; Ctrl-C reaches the running statement from a signal handler. */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H
#include "llkv/complaint.h"
#include "llkv/options.h"

enum {
    SHELL_EXIT_OK = 0,
    SHELL_EXIT_FAILED = 1,
    SHELL_EXIT_USAGE = 2,
    SHELL_EXIT_OPEN = 3,
    SHELL_EXIT_INTERRUPTED = 130,
};

/* Zero-initialised, it can be closed. */
struct shell {
    const struct options *options;
    llkv_engine *engine;
    llkv_session *session;
    struct output_format format;
    char null_text[64]; /* what format.null_text points to once .nullvalue was used */
    char separator[2];  /* of .import; "": found out */
    FILE *out, *err;
    bool bail, echo, interactive;
    bool leaving;     /* .exit, --bail after an error, Ctrl-C in a script, or nobody reads us */
    int exit_code;    /* then, and at the end */
    uint32_t reading; /* .read inside .read, how deep */
};

/* Open the database of the options. False, with the engine's error on stderr, if it fails. */
bool shell_open(struct shell *shell, const struct options *options);
/* Close what is open and open another database; on failure the old one stays. NULL: in memory. */
bool shell_reopen(struct shell *shell, const char *path);
/* Close everything; an error of that is printed and sets the exit code. */
void shell_close(struct shell *shell);

/* Run the statements in place->text from place->start to `end`, print rows and errors. */
void shell_run_sql(struct shell *shell, const struct place *place, size_t end);
/* Run a line that begins with a dot. */
void shell_run_dot(struct shell *shell, struct slt_slice line);
/* Run a file of statements and dot commands. False if it cannot be read. */
bool shell_run_file(struct shell *shell, const char *path);
/* Run a text of statements and dot commands. */
void shell_run_text(struct shell *shell, const char *name, struct slt_slice text);
/* Run what comes from standard input, each statement as soon as it is complete. */
void shell_run_stdin(struct shell *shell);
/* Ask for statements with a prompt, until the end of input or .exit. */
void shell_run_prompt(struct shell *shell);

/* A statement or a command has failed. */
void shell_note_failure(struct shell *shell);
/* Print a message that is not the engine's, and note the failure. */
void shell_complain(struct shell *shell, const char *fmt, ...) SLT_PRINTF_LIKE(2, 3);
#endif
