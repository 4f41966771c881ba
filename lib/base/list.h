/* list.h: an intrusive doubly linked ring. A struct list is both the head and the link of a member.
 *
 * Owns nothing; a member is taken out before its memory goes. */
#pragma once

#include <stdbool.h>

#include "base/check.h"

struct list {
    struct list *next;
    struct list *previous;
};

static inline void list_init(struct list *list)
{
    list->next = list;
    list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

/* Puts `link` at the end of `list`. */
static inline void list_append(struct list *list, struct list *link)
{
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

/* Takes `link` out of its list; a link that is in none (list_init) is left as it is. */
static inline void list_remove(struct list *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    list_init(link);
}

/* Takes out and returns the first link, or NULL when the list is empty. */
static inline struct list *list_take_first(struct list *list)
{
    if (list_is_empty(list)) {
        return NULL;
    }
    struct list *first = list->next;
    list_remove(first);
    return first;
}
