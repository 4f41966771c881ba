#include "search/search_title.h"

struct text search_title_main(struct text title)
{
    struct text rest = text_trim(title);
    while (rest.length > 0 && rest.data[rest.length - 1] == ')') {
        const char *open = memrchr(rest.data, '(', rest.length);
        struct text before =
            text_trim(text_slice(rest, 0, open != NULL ? (size_t)(open - rest.data) : 0));
        if (before.length == 0) {
            break;
        }
        rest = before;
    }
    return rest;
}
