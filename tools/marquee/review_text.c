#include "marquee/review_text.h"

/* tab: what stands for one. */
static struct text copy_with(struct arena *arena, struct text text, char tab)
{
    char *copy = arena_alloc(arena, text.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length && copy != NULL; i++) {
        bool ends_line = i + 1 < text.length && text.data[i + 1] == '\n';
        if (text.data[i] == '\r' && ends_line) {
            continue;
        }
        copy[length++] = (char)(text.data[i] == '\t' ? tab : text.data[i]);
    }
    while (length > 0 && copy[length - 1] == '\n') {
        length--;
    }
    return (struct text){copy, length};
}

struct text review_text_lines(struct arena *arena, struct text text)
{
    return copy_with(arena, text, '\t');
}

struct text review_text_clean(struct arena *arena, struct text text)
{
    return copy_with(arena, text, ' ');
}
