#include "marquee/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DIRECTION_BYTES = 3 }; /* of such a character in UTF-8 */

bool terminal_is_fancy(FILE *file)
{
    const char *terminal = getenv("TERM");
    const char *refusal = getenv("NO_COLOR");
    return isatty(fileno(file)) == 1 && (refusal == NULL || refusal[0] == '\0') &&
           terminal != NULL && strcmp(terminal, "dumb") != 0;
}

size_t terminal_columns(FILE *file)
{
    struct winsize size;
    int fd = fileno(file);
    if (fd < 0 || ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return TERMINAL_COLUMNS; /* no terminal, or one that does not know */
    }
    return size.ws_col;
}

size_t terminal_text_columns(FILE *file)
{
    size_t columns = terminal_columns(file);
    return columns < TERMINAL_COLUMNS ? columns : TERMINAL_COLUMNS;
}

const char *terminal_colour(FILE *file, enum terminal_colour colour)
{
    static const char *const sequences[] = {
        [TERMINAL_PLAIN] = "\x1b[0m", [TERMINAL_BOLD] = "\x1b[1m",   [TERMINAL_DIM] = "\x1b[2m",
        [TERMINAL_RED] = "\x1b[31m",  [TERMINAL_GREEN] = "\x1b[32m", [TERMINAL_YELLOW] = "\x1b[33m",
    };
    return terminal_is_fancy(file) ? sequences[colour] : "";
}

/* C0, DEL, and C1 as UTF-8 has it (C2 80 to C2 9F): its second byte is what must not pass. */
static bool is_control(struct text text, size_t at)
{
    unsigned char byte = (unsigned char)text.data[at];
    unsigned char before = at > 0 ? (unsigned char)text.data[at - 1] : 0;
    return byte < 0x20 || byte == 0x7f || (before == 0xc2 && byte >= 0x80 && byte < 0xa0);
}

/* Whether a character begins there that turns the direction of what follows it: U+202A to U+202E,
 * U+2066 to U+2069. They would reach beyond the text, into what is printed behind it. */
static bool turns_direction(struct text text, size_t at)
{
    const unsigned char *bytes = (const unsigned char *)text.data + at;
    if (text.length - at < DIRECTION_BYTES || bytes[0] != 0xe2) {
        return false;
    }
    return (bytes[1] == 0x80 && bytes[2] >= 0xaa && bytes[2] <= 0xae) ||
           (bytes[1] == 0x81 && bytes[2] >= 0xa6 && bytes[2] <= 0xa9);
}

void terminal_print(FILE *file, struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        bool turns = turns_direction(text, i);
        /* A failed write is found when the command ends. */
        (void)fputc(turns || is_control(text, i) ? '?' : text.data[i], file);
        i += turns ? DIRECTION_BYTES - 1 : 0;
    }
}

/* Characters of UTF-8, which are columns but for wide ones. */
static size_t text_width(struct text text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.length; i++) {
        width += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    }
    return width;
}

void terminal_print_padded(FILE *file, struct text text, size_t width)
{
    size_t taken = text_width(text);
    terminal_print(file, text);
    (void)fprintf(file, "%*s", taken < width ? (int)(width - taken) : 0, "");
}

void terminal_print_wrapped(FILE *file, struct text text, const char *indent, size_t width)
{
    size_t column = 0;
    while (text.data != NULL) {
        struct text word = text_next(&text, ' ');
        size_t taken = text_width(word);
        if (word.length == 0) {
            continue;
        }
        if (column > 0 && column + 1 + taken > width) {
            (void)fputc('\n', file);
            column = 0;
        }
        (void)fputs(column == 0 ? indent : " ", file);
        column = (column == 0 ? strlen(indent) : column + 1) + taken;
        terminal_print(file, word);
    }
    (void)fputs(column > 0 ? "\n" : "", file);
}
