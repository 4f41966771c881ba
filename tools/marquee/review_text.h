/* review_text.h: texts from files as reviews have them. */
#pragma once

#include "base/arena.h"

/* A copy with line feeds alone between lines and none at the end. data is NULL: no memory. */
struct text review_text_lines(struct arena *arena, struct text text);

/* The same with spaces for tabs: of a file whose writer is not there to mend it. */
struct text review_text_clean(struct arena *arena, struct text text);
