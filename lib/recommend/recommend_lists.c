#include "recommend/recommend_lists.h"

#include <stdlib.h>
#include <string.h>

struct recommend_lists_page {
    atomic_uint holders;
    uint64_t version; /* of the state that it was made for, which may change it */
    struct recommend_list *lists[RECOMMEND_LISTS_PAGE];
};

static void list_release(struct recommend_list *list)
{
    if (list != NULL && atomic_fetch_sub(&list->holders, 1) == 1) {
        free(list);
    }
}

static void page_release(struct recommend_lists_page *page)
{
    if (page == NULL || atomic_fetch_sub(&page->holders, 1) > 1) {
        return;
    }
    for (size_t i = 0; i < RECOMMEND_LISTS_PAGE; i++) {
        list_release(page->lists[i]);
    }
    free(page);
}

static struct recommend_lists *state_create(uint32_t page_count)
{
    struct recommend_lists *lists =
        calloc(1, sizeof(*lists) + page_count * sizeof(struct recommend_lists_page *));
    if (lists != NULL) {
        atomic_init(&lists->holders, 1);
        lists->page_count = page_count;
    }
    return lists;
}

struct recommend_lists *recommend_lists_create(void)
{
    return state_create(0);
}

struct recommend_lists *recommend_lists_copy(struct recommend_lists *lists, uint32_t item_count)
{
    uint32_t page_count = (item_count + RECOMMEND_LISTS_PAGE - 1) / RECOMMEND_LISTS_PAGE;
    struct recommend_lists *copy =
        state_create(page_count > lists->page_count ? page_count : lists->page_count);
    if (copy == NULL) {
        return NULL;
    }
    copy->version = lists->version + 1;
    for (uint32_t i = 0; i < lists->page_count; i++) {
        copy->pages[i] = lists->pages[i];
        if (copy->pages[i] != NULL) {
            atomic_fetch_add(&copy->pages[i]->holders, 1);
        }
    }
    return copy;
}

struct recommend_lists *recommend_lists_hold(struct recommend_lists *lists)
{
    atomic_fetch_add(&lists->holders, 1);
    return lists;
}

void recommend_lists_release(struct recommend_lists *lists)
{
    if (lists == NULL || atomic_fetch_sub(&lists->holders, 1) > 1) {
        return;
    }
    for (uint32_t i = 0; i < lists->page_count; i++) {
        page_release(lists->pages[i]);
    }
    free(lists);
}

const struct recommend_list *recommend_lists_get(const struct recommend_lists *lists, uint32_t item)
{
    uint32_t page = item / RECOMMEND_LISTS_PAGE;
    return page < lists->page_count && lists->pages[page] != NULL
               ? lists->pages[page]->lists[item % RECOMMEND_LISTS_PAGE]
               : NULL;
}

/* The page of the item, which this state alone holds. NULL: no memory. */
static struct recommend_lists_page *own_page(struct recommend_lists *lists, uint32_t item)
{
    struct recommend_lists_page **at = &lists->pages[item / RECOMMEND_LISTS_PAGE];
    struct recommend_lists_page *before = *at;
    if (before != NULL && before->version == lists->version) {
        return before;
    }
    struct recommend_lists_page *page = calloc(1, sizeof(*page));
    if (page == NULL) {
        return NULL;
    }
    atomic_init(&page->holders, 1);
    page->version = lists->version;
    for (size_t i = 0; i < RECOMMEND_LISTS_PAGE && before != NULL; i++) {
        page->lists[i] = before->lists[i];
        if (page->lists[i] != NULL) {
            atomic_fetch_add(&page->lists[i]->holders, 1);
        }
    }
    page_release(before);
    *at = page;
    return page;
}

enum status recommend_lists_set(struct recommend_lists *lists, uint32_t item,
                                const struct recommend_list_head *head,
                                const struct recommend_neighbour *neighbours)
{
    struct recommend_list *list = NULL;
    size_t bytes = head->count * sizeof(*neighbours);
    struct recommend_lists_page *page = own_page(lists, item);
    if (page == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (head->count > 0 || head->cut) {
        list = malloc(sizeof(*list) + bytes);
        if (list == NULL) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
        atomic_init(&list->holders, 1);
        list->head = *head;
        memcpy(list->neighbours, neighbours, bytes);
    }
    list_release(page->lists[item % RECOMMEND_LISTS_PAGE]);
    page->lists[item % RECOMMEND_LISTS_PAGE] = list;
    return STATUS_OK;
}
