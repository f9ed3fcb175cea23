#include <errno.h>
#include <histedit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "llkv/input.h"
#include "llkv/interrupt.h"
#include "llkv/shell.h"

enum { HISTORY_LINES = 10000 };

/* The editor, and what its callbacks need. */
struct prompt {
    EditLine *editor;
    History *history;
    struct slt_text history_path; /* NUL-terminated; empty: the history is not kept */
    struct input input;
};

/* libedit has no const in its types. */
static char prompt_first[] = "llkv> ", prompt_more[] = " ...> ";

static char *prompt_text(EditLine *editor)
{
    void *data = NULL;
    if (el_get(editor, EL_CLIENTDATA, &data) != 0 || data == NULL) return prompt_first;
    const struct prompt *prompt = data;
    return input_is_empty(&prompt->input) ? prompt_first : prompt_more;
}

/* How the editor reads a character: as the C library would, but Ctrl-C is never slept through. */
static int read_character(EditLine *editor, wchar_t *out)
{
    (void)editor;
    mbstate_t state = {0};
    for (;;) {
        char byte = 0;
        if (!interrupt_wait(STDIN_FILENO)) return -1;
        ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return (int)got;
        size_t used = mbrtowc(out, &byte, 1, &state);
        if (used == (size_t)-2) continue; /* the character has more bytes */
        if (used == (size_t)-1) {         /* not a character: begin again with the next byte */
            state = (mbstate_t){0};
            continue;
        }
        return 1;
    }
}

/* Make every folder of a path. */
static void make_folders(struct slt_text *path)
{
    for (size_t i = 1; i + 1 < path->len; i++) {
        if (path->data[i] != '/') continue;
        path->data[i] = '\0';
        (void)mkdir(path->data,
                    0700); /* mostly it exists; a failure shows when the file is saved */
        path->data[i] = '/';
    }
}

/* $XDG_STATE_HOME/llkv/history, by default below ~/.local/state. */
static void find_history(struct slt_text *out)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state != NULL && state[0] == '/') {
        slt_text_addf(out, "%s/llkv/history", state);
    } else if (home != NULL && home[0] == '/') {
        slt_text_addf(out, "%s/.local/state/llkv/history", home);
    } else {
        return;
    }
    slt_text_addc(out, '\0');
    if (out->failed)
        slt_text_deinit(out);
    else
        make_folders(out);
}

static bool open_editor(struct prompt *prompt)
{
    HistEvent event;
    prompt->editor = el_init("llkv", stdin, stdout, stderr);
    prompt->history = history_init();
    if (prompt->editor == NULL || prompt->history == NULL) return false;
    (void)history(prompt->history, &event, H_SETSIZE, HISTORY_LINES);
    (void)history(prompt->history, &event, H_SETUNIQUE, 1);
    find_history(&prompt->history_path);
    if (prompt->history_path.len > 0) {
        /* a first session has no file to load */
        (void)history(prompt->history, &event, H_LOAD, prompt->history_path.data);
    }
    /* What an editor refuses it does without. */
    (void)el_set(prompt->editor, EL_CLIENTDATA, prompt);
    (void)el_set(prompt->editor, EL_PROMPT, prompt_text);
    (void)el_set(prompt->editor, EL_EDITOR, "emacs");
    (void)el_set(prompt->editor, EL_GETCFN, read_character);
    (void)el_set(prompt->editor, EL_HIST, history, prompt->history);
    (void)el_set(prompt->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    (void)el_source(prompt->editor, NULL);
    return true;
}

static void close_editor(struct prompt *prompt)
{
    HistEvent event;
    if (prompt->history != NULL && prompt->history_path.len > 0) {
        (void)history(prompt->history, &event, H_SAVE, prompt->history_path.data); /* best effort */
    }
    if (prompt->editor != NULL) el_end(prompt->editor);
    if (prompt->history != NULL) history_end(prompt->history);
    slt_text_deinit(&prompt->history_path);
    slt_text_deinit(&prompt->input.text);
}

/* Take a line from the editor. False at the end of input. */
static bool take_line(struct prompt *prompt, struct shell *shell)
{
    int len = 0;
    /* Before the prompt is out: who answers it at once must not meet a terminal that still edits.
     */
    (void)el_set(prompt->editor, EL_PREP_TERM, 1);
    const char *line = el_gets(prompt->editor, &len);
    if (line == NULL || len <= 0) {
        if (!interrupt_take()) return false;
        input_drop(&prompt->input);
        (void)fputc('\n', shell->out);
        return true;
    }
    HistEvent event;
    bool blank = strspn(line, " \t\r\n") == (size_t)len;
    if (!blank)
        (void)history(prompt->history, &event, H_ENTER, line); /* a line not kept is no loss */
    slt_text_add(&prompt->input.text, line, (size_t)len);
    if (prompt->input.text.failed) {
        shell_complain(shell, "out of memory");
        slt_text_clear(&prompt->input.text);
        input_drop(&prompt->input);
        return true;
    }
    input_run(&prompt->input, shell, false);
    if (input_is_empty(&prompt->input)) input_drop(&prompt->input);
    return true;
}

void shell_run_prompt(struct shell *shell)
{
    struct prompt prompt = {.input = {.first_line = 1}};
    shell->interactive = true;
    fprintf(shell->out, "llkv %s -- .help lists the commands, .quit leaves\n", llkv_version());
    (void)fflush(shell->out);
    if (!open_editor(&prompt)) {
        shell_complain(shell, "the line editor does not start");
    } else {
        while (!shell->leaving && take_line(&prompt, shell))
            continue;
        if (!shell->leaving) (void)fputc('\n', shell->out);
    }
    close_editor(&prompt);
    shell->interactive = false;
}
