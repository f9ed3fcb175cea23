#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "llkv/import.h"
#include "llkv/shell.h"
#include "llkv/suggest.h"

enum { WORDS_MAX = 16, WORD_BYTES_MAX = 4096 };

struct arguments {
    char *word[WORDS_MAX];
    size_t count;
};

typedef void dot_fn(struct shell *shell, const struct arguments *arguments);

struct command {
    const char *name, *arguments, *help;
    size_t count_min, count_max; /* of arguments */
    dot_fn *run;
};

static dot_fn run_help, run_open, run_exit, run_mode, run_headers, run_null, run_bail, run_echo,
    run_read, run_print, run_import, run_separator;

static const struct command commands[] = {
    {"bail", "on|off", "stop at the first error", 1, 1, run_bail},
    {"echo", "on|off", "print each statement before it runs", 1, 1, run_echo},
    {"exit", "[CODE]", "leave, with an exit code", 0, 1, run_exit},
    {"headers", "on|off", "column names first in csv, tabs and list", 1, 1, run_headers},
    {"help", "", "print this", 0, 0, run_help},
    {"import", "FILE TABLE", "add the rows of a file to a table; see below", 2, WORDS_MAX,
     run_import},
    {"mode", "NAME", "how rows are shown", 1, 1, run_mode},
    {"nullvalue", "TEXT", "what NULL is shown as", 1, 1, run_null},
    {"open", "[FILE]", "close this database, open another (or an empty one in memory)", 0, 1,
     run_open},
    {"print", "TEXT...", "print a line", 0, WORDS_MAX, run_print},
    {"quit", "", "leave", 0, 0, run_exit},
    {"read", "FILE", "run the statements of a file", 1, 1, run_read},
    {"separator", "C", "between values, in list and in files of .import", 1, 1, run_separator},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static const char *const mode_names[] = {
#define X(id, name, help) name,
    OUTPUT_MODE_LIST(X)
#undef X
};

static void run_help(struct shell *shell, const struct arguments *arguments)
{
    (void)arguments;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(shell->out, ".%-10s %-10s %s\n", commands[i].name, commands[i].arguments,
                commands[i].help);
    }
    fprintf(shell->out, "Modes:");
    for (size_t i = 0; i < OUTPUT_MODE_COUNT; i++)
        fprintf(shell->out, " %s", mode_names[i]);
    fprintf(shell->out, "\nImport: .import %s\n        What is not said is found out, and told.",
            IMPORT_ARGUMENTS);
    fprintf(shell->out, "\nEverything else is SQL and ends with a semicolon.\n");
}

static void run_open(struct shell *shell, const struct arguments *arguments)
{
    if (!shell_reopen(shell, arguments->count == 0 ? NULL : arguments->word[0])) {
        shell_note_failure(shell);
    }
}

static void run_exit(struct shell *shell, const struct arguments *arguments)
{
    if (arguments->count == 1) {
        char *end = NULL;
        errno = 0;
        long code = strtol(arguments->word[0], &end, 10);
        if (errno != 0 || *end != '\0' || code < 0 || code > 255) {
            shell_complain(shell, ".exit takes a number from 0 to 255, not '%s'",
                           arguments->word[0]);
            return;
        }
        shell->exit_code = (int)code;
    }
    shell->leaving = true;
}

static void run_mode(struct shell *shell, const struct arguments *arguments)
{
    const char *name = arguments->word[0];
    if (output_mode_find(name, &shell->format.mode)) return;
    const char *near = suggest_name(name, mode_names, OUTPUT_MODE_COUNT);
    shell_complain(shell, "there is no mode '%s'%s%s%s", name,
                   near == NULL ? "" : "; did you mean ", near == NULL ? "" : near,
                   near == NULL ? "" : "?");
}

static void take_switch(struct shell *shell, const char *name, const char *word, bool *out)
{
    if (strcmp(word, "on") == 0)
        *out = true;
    else if (strcmp(word, "off") == 0)
        *out = false;
    else
        shell_complain(shell, ".%s takes on or off, not '%s'", name, word);
}

static void run_headers(struct shell *shell, const struct arguments *arguments)
{
    take_switch(shell, "headers", arguments->word[0], &shell->format.headers);
}

static void run_bail(struct shell *shell, const struct arguments *arguments)
{
    take_switch(shell, "bail", arguments->word[0], &shell->bail);
}

static void run_echo(struct shell *shell, const struct arguments *arguments)
{
    take_switch(shell, "echo", arguments->word[0], &shell->echo);
}

static void run_null(struct shell *shell, const struct arguments *arguments)
{
    size_t len = strlen(arguments->word[0]);
    if (len >= sizeof shell->null_text) {
        shell_complain(shell, ".nullvalue takes at most %zu bytes", sizeof shell->null_text - 1);
        return;
    }
    memcpy(shell->null_text, arguments->word[0], len + 1);
    shell->format.null_text = shell->null_text;
}

static void run_read(struct shell *shell, const struct arguments *arguments)
{
    (void)shell_run_file(shell, arguments->word[0]); /* a failure is noted there */
}

static void run_import(struct shell *shell, const struct arguments *arguments)
{
    import_run(shell, arguments->word, arguments->count);
}

/* One ASCII character; \t may be written so. */
static void run_separator(struct shell *shell, const struct arguments *arguments)
{
    const char *text = arguments->word[0];
    if (strcmp(text, "\\t") == 0) text = "\t";
    if (strlen(text) != 1 || text[0] < 0) {
        shell_complain(shell, ".separator takes one ASCII character");
        return;
    }
    shell->separator[0] = shell->format.separator = text[0];
}

static void run_print(struct shell *shell, const struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->count; i++) {
        fprintf(shell->out, "%s%s", i == 0 ? "" : " ", arguments->word[i]);
    }
    (void)fputc('\n', shell->out);
}

/* Split in place: words at blanks, '..' and ".." around words with blanks. False if there are too
 * many words or a quote is not closed. */
static bool split(char *line, struct arguments *out)
{
    out->count = 0;
    for (char *at = line;;) {
        while (*at == ' ' || *at == '\t' || *at == '\r')
            at++;
        if (*at == '\0') return true;
        if (out->count == WORDS_MAX) return false;
        char quote = *at == '\'' || *at == '"' ? *at : '\0';
        if (quote != '\0') at++;
        out->word[out->count++] = at;
        while (*at != '\0' && (quote != '\0' ? *at != quote : *at != ' ' && *at != '\t')) {
            if (*at == '\r' && at[1] == '\0') break;
            at++;
        }
        if (*at == '\0') return quote == '\0';
        *at++ = '\0';
    }
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    }
    return NULL;
}

static void complain_unknown(struct shell *shell, const char *name)
{
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    const char *near = suggest_name(name, names, COMMAND_COUNT);
    if (near != NULL) {
        shell_complain(shell, "there is no command .%s; did you mean .%s?", name, near);
    } else {
        shell_complain(shell, "there is no command .%s; .help lists them", name);
    }
}

void shell_run_dot(struct shell *shell, struct slt_slice line)
{
    char text[WORD_BYTES_MAX];
    struct arguments arguments;
    if (line.len >= sizeof text) {
        shell_complain(shell, "a dot command takes at most %d bytes", WORD_BYTES_MAX - 1);
        return;
    }
    memcpy(text, line.data, line.len);
    text[line.len] = '\0';
    if (shell->echo) fprintf(shell->out, "%s\n", text);
    if (!split(text, &arguments) || arguments.count == 0) {
        shell_complain(shell, "a quote is not closed, or there are more than %d words", WORDS_MAX);
        return;
    }
    const char *name = arguments.word[0] + 1;
    const struct command *command = find_command(name);
    for (size_t i = 1; i < arguments.count; i++)
        arguments.word[i - 1] = arguments.word[i];
    arguments.count--;
    if (command == NULL) {
        complain_unknown(shell, name);
    } else if (arguments.count < command->count_min || arguments.count > command->count_max) {
        shell_complain(shell, "the form is .%s %s", command->name, command->arguments);
    } else {
        command->run(shell, &arguments);
    }
    (void)fflush(shell->out); /* a failure stays in the stream, and is seen there */
}
