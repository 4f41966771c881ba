/* search_title.h: a title, and what stands in parentheses behind it: "Seven (a.k.a. Se7en)". */
#pragma once

#include "base/text.h"

/* Without "(…)" at the end, as often as there is one and something before it; trimmed. Borrowed
 * from the title, whose beginning it is. */
struct text search_title_main(struct text title);
