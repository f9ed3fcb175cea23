#include "llkv/input.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "llkv/interrupt.h"

enum { READ_BYTES = 64 * 1024, READ_DEPTH_MAX = 16 };

bool input_is_empty(const struct input *input)
{
    for (size_t i = input->at; i < input->text.len; i++) {
        if (!isspace((unsigned char)input->text.data[i])) return false;
    }
    return true;
}

static void begin_statement(struct input *input, size_t at)
{
    input->at = at;
    input->splitter = (struct splitter){0};
}

void input_drop(struct input *input)
{
    begin_statement(input, input->text.len);
}

/* Forget the lines that were run; the line that the next statement begins on is kept whole, for
 * error messages. */
static void forget_lines(struct input *input)
{
    const char *data = input->text.data;
    size_t cut = input->at;
    while (cut > 0 && data[cut - 1] != '\n')
        cut--;
    if (cut == 0) return;
    for (size_t i = 0; i < cut; i++) {
        if (data[i] == '\n') input->first_line++;
    }
    memmove(input->text.data, data + cut, input->text.len - cut);
    input->text.len -= cut;
    input->at -= cut;
}

/* A dot command stands where a statement could begin, first on its line. */
static bool at_dot_command(const struct input *input, size_t *out_start)
{
    const char *data = input->text.data;
    size_t i = input->at;
    while (i < input->text.len && isspace((unsigned char)data[i]))
        i++;
    *out_start = i;
    if (i == input->text.len || data[i] != '.') return false;
    while (i > 0 && (data[i - 1] == ' ' || data[i - 1] == '\t'))
        i--;
    return i == 0 || data[i - 1] == '\n';
}

static void run_statement(struct input *input, struct shell *shell, size_t end)
{
    struct place place = {
        input->name, {input->text.data, input->text.len}, input->at, input->first_line};
    shell_run_sql(shell, &place, end);
    begin_statement(input, end);
}

/* Run one thing. False when there is nothing complete. */
static bool run_next(struct input *input, struct shell *shell, bool final)
{
    size_t start = 0, end = 0;
    const char *data = input->text.data;
    if (at_dot_command(input, &start)) {
        const char *newline = memchr(data + start, '\n', input->text.len - start);
        if (newline == NULL && !final) return false;
        end = newline == NULL ? input->text.len : (size_t)(newline - data);
        shell_run_dot(shell, (struct slt_slice){data + start, end - start});
        begin_statement(input, newline == NULL ? end : end + 1);
        return true;
    }
    if (splitter_scan(&input->splitter, data + input->at, input->text.len - input->at, &end)) {
        run_statement(input, shell, input->at + end);
        return true;
    }
    if (final && start < input->text.len) run_statement(input, shell, input->text.len);
    return false;
}

void input_run(struct input *input, struct shell *shell, bool final)
{
    while (!shell->leaving && input->at < input->text.len) {
        if (!run_next(input, shell, final)) break;
    }
    if (input->text.data != NULL) forget_lines(input);
}

void shell_run_text(struct shell *shell, const char *name, struct slt_slice text)
{
    struct input input = {.first_line = 1, .name = name};
    slt_text_add(&input.text, text.data, text.len);
    if (input.text.failed)
        shell_complain(shell, "out of memory");
    else
        input_run(&input, shell, true);
    slt_text_deinit(&input.text);
}

bool shell_run_file(struct shell *shell, const char *path)
{
    if (shell->reading == READ_DEPTH_MAX) {
        shell_complain(shell, "%s: files that read files, %d deep", path, READ_DEPTH_MAX);
        return false;
    }
    struct input input = {.first_line = 1, .name = path};
    int rc = slt_text_read_file(&input.text, path);
    if (rc != 0) {
        shell_complain(shell, "cannot read %s: %s", path, strerror(rc));
    } else {
        shell->reading++;
        input_run(&input, shell, true);
        shell->reading--;
    }
    slt_text_deinit(&input.text);
    return rc == 0;
}

void shell_run_stdin(struct shell *shell)
{
    struct input input = {.first_line = 1};
    while (!shell->leaving) {
        char *room = slt_text_room(&input.text, READ_BYTES);
        if (room == NULL) {
            shell_complain(shell, "out of memory");
            break;
        }
        if (!interrupt_wait(STDIN_FILENO)) {
            shell->exit_code = SHELL_EXIT_INTERRUPTED;
            break;
        }
        ssize_t got = read(STDIN_FILENO, room, READ_BYTES);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) shell_complain(shell, "cannot read standard input: %s", strerror(errno));
        if (got > 0) input.text.len += (size_t)got;
        input_run(&input, shell, got <= 0);
        if (got <= 0) break;
    }
    slt_text_deinit(&input.text);
}
