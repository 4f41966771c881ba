/* review_text.h: texts from files as reviews have them. */
#pragma once

#include "base/arena.h"

/* A copy with line feeds alone between lines and none at the end, and spaces for tabs. data is
 * NULL: no memory. */
struct text review_text_clean(struct arena *arena, struct text text);
