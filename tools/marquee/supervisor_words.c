#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "marquee/supervisor_private.h"

enum { NAME_COLUMN = 24, LINE_BYTES = 1024, LAST_WORDS_BYTES = 2048 };

/* What cannot be written has nobody to be told. */
void supervisor_say(struct supervisor_child *child, enum terminal_colour colour, const char *format,
                    ...)
{
    FILE *output = child->supervisor->output;
    va_list arguments;
    (void)fprintf(output, "%s%-*s", terminal_colour(output, colour), NAME_COLUMN, child->name);
    va_start(arguments, format);
    (void)vfprintf(output, format, arguments);
    va_end(arguments);
    (void)fprintf(output, "%s\n", terminal_colour(output, TERMINAL_PLAIN));
    (void)fflush(output);
}

void supervisor_say_ready(struct supervisor_child *child)
{
    char list[LINE_BYTES] = "";
    size_t length = 0;
    for (size_t i = 0; i < child->address_count && length < sizeof(list); i++) {
        int added = snprintf(list + length, sizeof(list) - length, "%s%.*s", i > 0 ? ", " : "",
                             TEXT_ARGUMENTS(child->addresses[i]));
        length += added > 0 ? (size_t)added : 0;
    }
    supervisor_say(child, TERMINAL_GREEN, "ready at %s", list);
}

void supervisor_say_death(struct supervisor_child *child, int64_t backoff_ms)
{
    char how[LINE_BYTES];
    const char *name = sigdescr_np(child->signal);
    if (child->signal != 0) {
        (void)snprintf(how, sizeof(how), "died of signal %d (%s)", child->signal,
                       name != NULL ? name : "unknown");
    } else {
        (void)snprintf(how, sizeof(how), "ended with status %lld", (long long)child->exit_status);
    }
    if (backoff_ms > 0) {
        supervisor_say(child, TERMINAL_YELLOW, "%s; restarting in %.1f s", how,
                       (double)backoff_ms / 1000);
    } else {
        supervisor_say(child, TERMINAL_RED, "%s", how);
    }
}

/* The last line of the log from this life on; empty: it wrote none. */
static struct text last_line(struct supervisor_child *child, char buffer[static LAST_WORDS_BYTES])
{
    int fd = open(child->log_path.data, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return TEXT("");
    }
    off_t end = lseek(fd, 0, SEEK_END);
    off_t from = end - LAST_WORDS_BYTES > child->log_offset ? end - LAST_WORDS_BYTES
                                                            : (off_t)child->log_offset;
    ssize_t length = pread(fd, buffer, LAST_WORDS_BYTES, from);
    (void)close(fd); /* read only: nothing is lost */
    struct text rest = text_of_bytes(buffer, length > 0 ? (size_t)length : 0);
    struct text line = TEXT("");
    while (rest.data != NULL) {
        struct text next = text_next(&rest, '\n');
        line = next.length > 0 ? next : line;
    }
    return line;
}

void supervisor_say_last_words(struct supervisor_child *child)
{
    char buffer[LAST_WORDS_BYTES];
    struct text prefix = text_of(child->name);
    struct text line = last_line(child, buffer);
    if (text_starts_with(line, prefix)) {
        line = text_slice(line, prefix.length + strlen(": "), line.length);
    }
    supervisor_say(child, TERMINAL_RED, "did not start: %.*s (status %lld)", TEXT_ARGUMENTS(line),
                   (long long)child->exit_status);
}
