/* command_output.h: how a command's output ends. */
#pragma once

#include "marquee/command.h"

/* What a shell tells of a program that SIGPIPE ended: who reads the output wants no more of it. */
enum { COMMAND_READER_GONE = 141 };

/* Writes out what is buffered. Returns `result`, or, where not all could be written,
 * COMMAND_READER_GONE without a word when its reader has gone (a pipe to `head`), and else
 * COMMAND_FAILED with words that `name` begins. */
int command_output_end(const struct command_input *input, const char *name, int result);
