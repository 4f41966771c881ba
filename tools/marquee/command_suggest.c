/* What a mistyped command may have been meant to be. */
#include "marquee/command.h"

enum { NAME_MAX_BYTES = 16, DISTANCE_MAX = 2 };

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* How many letters are to be put in, left out, changed, or swapped with their neighbour. Both are
 * at most NAME_MAX_BYTES long. */
static size_t distance(struct text from, struct text to)
{
    size_t rows[NAME_MAX_BYTES + 1][NAME_MAX_BYTES + 1];
    for (size_t i = 0; i <= from.length; i++) {
        for (size_t j = 0; j <= to.length; j++) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }
            bool differs = from.data[i - 1] != to.data[j - 1];
            rows[i][j] = least(least(rows[i - 1][j], rows[i][j - 1]) + 1,
                               rows[i - 1][j - 1] + (differs ? 1 : 0));
            if (i > 1 && j > 1 && from.data[i - 1] == to.data[j - 2] &&
                from.data[i - 2] == to.data[j - 1]) {
                rows[i][j] = least(rows[i][j], rows[i - 2][j - 2] + 1);
            }
        }
    }
    return rows[from.length][to.length];
}

const struct command *command_suggest(struct text name)
{
    size_t count;
    const struct command *commands = command_table(&count);
    const struct command *nearest = NULL;
    size_t nearest_distance = DISTANCE_MAX + 1;
    for (size_t i = 0; i < count && name.length <= NAME_MAX_BYTES; i++) {
        struct text candidate = text_of(commands[i].name);
        /* Of a short name two letters are most of it. */
        size_t most = least(DISTANCE_MAX, least(candidate.length, name.length) / 2);
        if (commands[i].group == NULL || candidate.length > NAME_MAX_BYTES) {
            continue;
        }
        size_t found = distance(name, candidate);
        if (found <= most && found < nearest_distance) {
            nearest = &commands[i];
            nearest_distance = found;
        }
    }
    return nearest;
}
