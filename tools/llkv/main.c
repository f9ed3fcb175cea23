/* main.c -- the command. */
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "llkv/drive_command.h"
#include "llkv/interrupt.h"
#include "llkv/shell.h"

static void run_task(struct shell *shell, const struct task *task)
{
    if (task->kind == TASK_FILE) {
        (void)shell_run_file(shell, task->text); /* a failure is noted there */
    } else {
        shell_run_text(shell, NULL, (struct slt_slice){task->text, strlen(task->text)});
    }
}

/* What the command line asks for, or else what standard input holds. */
static void run_tasks(struct shell *shell, const struct options *options)
{
    bool any = false;
    for (size_t i = 0; i < options->task_count && !shell->leaving; i++) {
        if (options->tasks[i].kind == TASK_FIRST_SQL) run_task(shell, &options->tasks[i]);
    }
    for (size_t i = 0; i < options->task_count; i++) {
        if (options->tasks[i].kind == TASK_FIRST_SQL) continue;
        any = true;
        if (!shell->leaving) run_task(shell, &options->tasks[i]);
    }
    if (shell->leaving || (any && !options->interactive)) return;
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (options->interactive || (terminal && !options->batch))
        shell_run_prompt(shell);
    else
        shell_run_stdin(shell);
}

static int run(const struct options *options)
{
    if (options->help) {
        options_print_help(stdout);
        return SHELL_EXIT_OK;
    }
    if (options->version) {
        printf("llkv %s\n", llkv_version());
        return SHELL_EXIT_OK;
    }
    if (options->slt.path_count > 0) return slt_run(&options->slt, stdout, stderr);
    struct shell shell;
    if (shell_open(&shell, options)) {
        interrupt_install();
        run_tasks(&shell, options);
    }
    shell_close(&shell);
    return shell.exit_code;
}

int main(int argc, char **argv)
{
    (void)setlocale(LC_CTYPE, ""); /* for the line editor; without it the C locale stays */
    struct options options = {0};
    int code = SHELL_EXIT_USAGE;
    if (argc > 1 && strcmp(argv[1], "drive") == 0)
        code = drive_run(argc, argv);
    else if (options_parse(&options, argc, argv, stderr) == OPTIONS_OK)
        code = run(&options);
    options_deinit(&options);
    if (fflush(stdout) != 0 && code == SHELL_EXIT_OK) code = SHELL_EXIT_FAILED;
    return code;
}
