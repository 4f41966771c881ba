/* supervisor_private.h: what the supervisor tells about a child, one line an event. */
#pragma once

#include "marquee/supervisor.h"
#include "marquee/terminal.h"

void supervisor_say(struct supervisor_child *child, enum terminal_colour colour, const char *format,
                    ...) PRINTF_LIKE(3, 4);

void supervisor_say_ready(struct supervisor_child *child);

/* backoff_ms: until it is started again; 0: it is not. */
void supervisor_say_death(struct supervisor_child *child, int64_t backoff_ms);

/* It ended before it was ever ready: the last line that it logged in this life. */
void supervisor_say_last_words(struct supervisor_child *child);
