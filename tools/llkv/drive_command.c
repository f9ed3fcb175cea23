#include "llkv/drive_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llkv.h"
#include "llkv/complaint.h"
#include "llkv/shell.h"
#include "llkv/suggest.h"

enum { PIECE_BYTES = 64 * 1024 };

struct words {
    char **items;
    int count;
    bool raw_key, no_sync, mark_pads, help;
};

struct command {
    const char *name, *arguments, *help;
    int words_min, words_max; /* behind the name; -1: any number */
    int (*run)(const struct words *words);
};

static int fail(const llkv_error *error)
{
    complaint_print(stderr, error, NULL);
    return error->code == LLKV_CORRUPT ? SHELL_EXIT_OPEN : SHELL_EXIT_FAILED;
}

static int fail_usage(const char *message, const char *what)
{
    fprintf(stderr, "Error: %s%s\n  Hint: llkv drive --help\n", message, what);
    return SHELL_EXIT_USAGE;
}

/* What cannot be opened ends the command with another code than what cannot be done. */
static llkv_drive *open_drive(const struct words *words, llkv_drive_mode mode)
{
    llkv_drive_options options = {.struct_size = sizeof options,
                                  .mode = mode,
                                  .no_sync = words->no_sync,
                                  .no_map = true,
                                  .mark_pads = words->mark_pads};
    llkv_drive *drive = NULL;
    llkv_error error = LLKV_ERROR_INIT;
    if (llkv_drive_open(words->items[0], &options, &drive, &error) == LLKV_OK) return drive;
    complaint_print(stderr, &error, NULL);
    return NULL;
}

static int close_drive(llkv_drive *drive, int code)
{
    llkv_error error = LLKV_ERROR_INIT;
    if (llkv_drive_close(drive, &error) == LLKV_OK) return code;
    int failed = fail(&error);
    return code == SHELL_EXIT_OK ? failed : code;
}

static bool take_key(const struct words *words, int index, llkv_drive_key *out_key)
{
    const char *text = words->items[index];
    if (!words->raw_key) {
        *out_key = llkv_drive_key_of(text, strlen(text));
        return true;
    }
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-') {
        (void)fail_usage("no number of 64 bits: ", text); /* the caller returns its code */
        return false;
    }
    *out_key = number;
    return true;
}

/* ---- the commands ---- */

static llkv_code put_input(llkv_drive *drive, llkv_drive_key key, llkv_error *error)
{
    static char piece[PIECE_BYTES];
    llkv_drive_stream *stream = NULL;
    llkv_code rc = llkv_drive_stream_begin(drive, key, &stream, error);
    if (rc != LLKV_OK) return rc;
    size_t bytes = fread(piece, 1, sizeof piece, stdin);
    for (; rc == LLKV_OK && bytes > 0; bytes = fread(piece, 1, sizeof piece, stdin))
        rc = llkv_drive_stream_write(stream, piece, bytes, error);
    if (rc == LLKV_OK && !ferror(stdin)) return llkv_drive_stream_finish(stream, error);
    llkv_drive_stream_abort(stream);
    if (rc == LLKV_OK) {
        error->code = rc = LLKV_IO;
        (void)snprintf(error->message, sizeof error->message, "cannot read standard input");
    }
    return rc;
}

static int run_put(const struct words *words)
{
    llkv_drive_key key = 0;
    if (!take_key(words, 1, &key)) return SHELL_EXIT_USAGE;
    llkv_drive *drive = open_drive(words, LLKV_DRIVE_WRITE);
    if (drive == NULL) return SHELL_EXIT_OPEN;
    llkv_error error = LLKV_ERROR_INIT;
    const char *value = words->count > 2 ? words->items[2] : NULL;
    llkv_code rc = value == NULL ? put_input(drive, key, &error)
                                 : llkv_drive_put(drive, key, value, strlen(value), &error);
    return close_drive(drive, rc == LLKV_OK ? SHELL_EXIT_OK : fail(&error));
}

static int run_get(const struct words *words)
{
    llkv_drive_key key = 0;
    if (!take_key(words, 1, &key)) return SHELL_EXIT_USAGE;
    llkv_drive *drive = open_drive(words, LLKV_DRIVE_READ);
    if (drive == NULL) return SHELL_EXIT_OPEN;
    int code = SHELL_EXIT_OK;
    llkv_error error = LLKV_ERROR_INIT;
    llkv_drive_view view = {0};
    if (llkv_drive_get(drive, key, &view, &error) != LLKV_OK) {
        code = fail(&error);
    } else if (view.data == NULL) {
        fprintf(stderr, "Error: no key %s\n", words->items[1]);
        code = SHELL_EXIT_FAILED;
    } else if (fwrite(view.data, 1, view.bytes, stdout) != view.bytes) {
        fprintf(stderr, "Error: cannot write to standard output\n");
        code = SHELL_EXIT_FAILED;
    }
    llkv_drive_release(&view);
    return close_drive(drive, code);
}

static int run_delete(const struct words *words)
{
    for (int i = 1; i < words->count; i++) {
        llkv_drive_key key = 0;
        if (!take_key(words, i, &key)) return SHELL_EXIT_USAGE;
    }
    llkv_drive *drive = open_drive(words, LLKV_DRIVE_EXISTING);
    if (drive == NULL) return SHELL_EXIT_OPEN;
    int code = SHELL_EXIT_OK;
    for (int i = 1; i < words->count; i++) {
        llkv_drive_key key = 0;
        llkv_error error = LLKV_ERROR_INIT;
        bool existed = false;
        (void)take_key(words, i, &key); /* it could, above */
        if (llkv_drive_delete(drive, key, &existed, &error) != LLKV_OK) {
            code = fail(&error);
        } else if (!existed) {
            fprintf(stderr, "Error: no key %s\n", words->items[i]);
            code = SHELL_EXIT_FAILED;
        }
    }
    return close_drive(drive, code);
}

static int run_list(const struct words *words)
{
    llkv_drive *drive = open_drive(words, LLKV_DRIVE_READ);
    if (drive == NULL) return SHELL_EXIT_OPEN;
    int code = SHELL_EXIT_OK;
    llkv_error error = LLKV_ERROR_INIT;
    llkv_drive_cursor *cursor = NULL;
    llkv_drive_info info = {.struct_size = sizeof info};
    llkv_drive_entry entry;
    if (llkv_drive_cursor_open(drive, &cursor, &error) != LLKV_OK) code = fail(&error);
    while (cursor != NULL && llkv_drive_cursor_next(cursor, &entry)) {
        printf("0x%016llx %llu %llu\n", (unsigned long long)entry.key,
               (unsigned long long)entry.bytes, (unsigned long long)entry.offset);
    }
    llkv_drive_cursor_close(cursor);
    llkv_drive_info_get(drive, &info);
    if (info.lost_bytes > 0) {
        fprintf(stderr, "Error: the last %llu bytes hold no whole entries\n",
                (unsigned long long)info.lost_bytes);
        code = SHELL_EXIT_OPEN;
    }
    return close_drive(drive, code);
}

static void print_damage(void *arg, const llkv_drive_damage *damage)
{
    (void)arg;
    printf("byte %llu, %llu bytes: %s\n", (unsigned long long)damage->offset,
           (unsigned long long)damage->bytes, damage->reason);
}

static int print_report(const llkv_drive_report *report, const char *what)
{
    printf("%llu entries %s, %llu of %llu bytes %s\n", (unsigned long long)report->entries, what,
           (unsigned long long)report->damaged_bytes, (unsigned long long)report->file_bytes,
           report->torn ? "torn" : "damaged");
    return report->damages == 0 ? SHELL_EXIT_OK : SHELL_EXIT_OPEN;
}

static int run_verify(const struct words *words)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_drive_report report = {.struct_size = sizeof report};
    llkv_code rc = llkv_drive_verify(words->items[0], print_damage, NULL, &report, &error);
    if (rc != LLKV_OK) {
        (void)fail(&error); /* whatever it was, the file could not be read */
        return SHELL_EXIT_OPEN;
    }
    return print_report(&report, "whole");
}

static int run_compact(const struct words *words)
{
    llkv_drive *drive = open_drive(words, LLKV_DRIVE_EXISTING);
    if (drive == NULL) return SHELL_EXIT_OPEN;
    int code = SHELL_EXIT_OK;
    llkv_error error = LLKV_ERROR_INIT;
    llkv_drive_info before = {.struct_size = sizeof before}, after = before;
    llkv_drive_info_get(drive, &before);
    if (llkv_drive_compact(drive, &error) != LLKV_OK) {
        code = fail(&error);
    } else {
        llkv_drive_info_get(drive, &after);
        printf("%llu keys, %llu of %llu bytes left\n", (unsigned long long)after.count,
               (unsigned long long)after.file_bytes, (unsigned long long)before.file_bytes);
    }
    return close_drive(drive, code);
}

static int run_salvage(const struct words *words)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_drive_report report = {.struct_size = sizeof report};
    if (llkv_drive_salvage(words->items[0], words->items[1], &report, &error) != LLKV_OK)
        return fail(&error);
    (void)print_report(&report, "saved"); /* damage is what it is for */
    return SHELL_EXIT_OK;
}

/* ---- the command line ---- */

static const struct command commands[] = {
    {"put", "FILE KEY [VALUE]", "store VALUE, or what comes from standard input", 2, 3, run_put},
    {"get", "FILE KEY", "print the value, byte for byte", 2, 2, run_get},
    {"delete", "FILE KEY...", "delete keys", 2, -1, run_delete},
    {"list", "FILE", "one line per key: its hash, bytes of the value, offset", 1, 1, run_list},
    {"verify", "FILE", "check every entry, and say what is damaged", 1, 1, run_verify},
    {"compact", "FILE", "drop what is hidden or deleted", 1, 1, run_compact},
    {"salvage", "FILE NEW", "write every whole entry to a new file", 2, 2, run_salvage},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_help(void)
{
    printf("Usage: llkv drive COMMAND [OPTION]... FILE [ARGUMENT]...\n\n"
           "Keeps values under keys in FILE, in the format of simd-r-drive.\n\n");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        printf("  %-8s %-17s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    }
    printf("\n  --raw-key    KEY is the number that stands in the file, not text to be hashed\n"
           "  --no-sync    put, delete: one sync at the end instead of one for each\n"
           "  --mark-pads  fill gaps with 0x5a instead of zeros\n"
           "  --help       print this\n"
           "\nExit codes: 0 well, 1 it could not be done (no such key), 2 wrong usage,\n"
           "3 the file cannot be opened, or is damaged.\n");
}

static bool take_option(const char *option, struct words *words)
{
    const char *name = option + (option[1] == '-' ? 2 : 1);
    if (strcmp(name, "raw-key") == 0) return words->raw_key = true;
    if (strcmp(name, "no-sync") == 0) return words->no_sync = true;
    if (strcmp(name, "mark-pads") == 0) return words->mark_pads = true;
    if (strcmp(name, "help") == 0 || strcmp(name, "h") == 0) return words->help = true;
    return false;
}

/* Options may stand anywhere before "--"; what is left in argv[2...] are words. */
static int take_words(int argc, char **argv, struct words *words)
{
    bool words_only = false;
    *words = (struct words){.items = argv + 2};
    for (int i = 2; i < argc; i++) {
        char *argument = argv[i];
        bool option = !words_only && argument[0] == '-' && argument[1] != '\0';
        if (option && strcmp(argument, "--") == 0)
            words_only = true;
        else if (!option)
            words->items[words->count++] = argument;
        else if (!take_option(argument, words))
            return fail_usage("unknown option ", argument);
    }
    return SHELL_EXIT_OK;
}

static const struct command *find_command(const char *name)
{
    const char *names[COMMAND_COUNT];
    for (int i = 0; i < COMMAND_COUNT; i++) {
        names[i] = commands[i].name;
        if (strcmp(name, names[i]) == 0) return &commands[i];
    }
    const char *near = suggest_name(name, names, COMMAND_COUNT);
    fprintf(stderr, "Error: llkv drive has no command %s\n", name);
    if (near != NULL)
        fprintf(stderr, "  Hint: did you mean %s?\n", near);
    else
        fprintf(stderr, "  Hint: llkv drive --help lists them\n");
    return NULL;
}

int drive_run(int argc, char **argv)
{
    struct words words;
    int code = take_words(argc, argv, &words);
    if (code != SHELL_EXIT_OK) return code;
    if (words.help) {
        print_help();
        return SHELL_EXIT_OK;
    }
    if (words.count == 0) return fail_usage("llkv drive needs a command", "");
    const struct command *command = find_command(words.items[0]);
    if (command == NULL) return SHELL_EXIT_USAGE;
    words.items++;
    words.count--;
    bool too_many = command->words_max >= 0 && words.count > command->words_max;
    if (words.count < command->words_min || too_many) {
        fprintf(stderr, "Error: llkv drive %s takes %s\n", command->name, command->arguments);
        return SHELL_EXIT_USAGE;
    }
    return command->run(&words);
}
