/* search_forms.h: other ways to write a term: numbers ("2", "ii", "two"), and what is often
 * abbreviated ("doctor", "dr"). A title is found under all of them. */
#pragma once

#include "base/text.h"

enum { SEARCH_FORMS_MAX = 2 /* of one term, besides itself */ };

/* Returns how many there are. */
size_t search_forms_of(struct text term, struct text ret_forms[static SEARCH_FORMS_MAX]);
