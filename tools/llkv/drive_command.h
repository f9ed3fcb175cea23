/* drive_command.h -- `llkv drive ...`: files of values under keys, from the command line.
 *
 * Owns:    nothing.
 * Threads: one at a time. */
#ifndef SHELL_DRIVE_COMMAND_H
#define SHELL_DRIVE_COMMAND_H

/* The whole command; argv[1] is "drive". Returns the exit code of the process. */
int drive_run(int argc, char **argv);
#endif
