/* terminal.h: text for people: on a terminal with colours, elsewhere plain, and never with control
 * characters that came from outside. */
#pragma once

#include <stdio.h>

#include "base/text.h"

/* Whether colours and moving bars may be used: a terminal, neither TERM=dumb, nor NO_COLOR with
 * anything in it. */
bool terminal_is_fancy(FILE *file);

enum { TERMINAL_COLUMNS = 80 }; /* of what is no terminal */

/* How many columns a line may take. */
size_t terminal_columns(FILE *file);

/* The same for text that is read, which is no wider than TERMINAL_COLUMNS. */
size_t terminal_text_columns(FILE *file);

enum terminal_colour {
    TERMINAL_PLAIN,
    TERMINAL_BOLD,
    TERMINAL_DIM,
    TERMINAL_RED,
    TERMINAL_GREEN,
    TERMINAL_YELLOW
};

/* The sequence that begins a colour, or "" where the file is no terminal; TERMINAL_PLAIN ends it.
 * Static storage. */
const char *terminal_colour(FILE *file, enum terminal_colour colour);

/* Prints the text with every control character, and those that override or isolate the direction of
 * writing, as '?'. */
void terminal_print(FILE *file, struct text text);

/* The same, and spaces up to `width` characters. */
void terminal_print_padded(FILE *file, struct text text, size_t width);

/* The same in lines of at most `width` characters, broken at spaces, each after `indent`. */
void terminal_print_wrapped(FILE *file, struct text text, const char *indent, size_t width);
