#include "base/list.h"

#include "support/cmocka_test.h"

struct item {
    char name;
    struct list link;
};

static void assert_names(struct list *list, const char *want)
{
    for (struct list *link = list->next; link != list; link = link->next) {
        assert_ptr_equal(link->previous->next, link);
        assert_int_equal(CONTAINER_OF(link, struct item, link)->name, *want);
        want++;
    }
    assert_int_equal(*want, '\0');
}

static void members_stay_in_order(void **state)
{
    (void)state;
    struct list list;
    struct item items[] = {{.name = 'a'}, {.name = 'b'}, {.name = 'c'}};
    list_init(&list);
    assert_true(list_is_empty(&list));
    assert_null(list_take_first(&list));
    for (size_t i = 0; i < ARRAY_LENGTH(items); i++) {
        list_append(&list, &items[i].link);
    }
    assert_names(&list, "abc");
    list_remove(&items[1].link);
    assert_names(&list, "ac");
    list_remove(&items[1].link); /* in none: left as it is */
    assert_names(&list, "ac");
    list_append(&list, &items[1].link);
    assert_names(&list, "acb");
    assert_ptr_equal(list_take_first(&list), &items[0].link);
    assert_true(list_is_empty(&items[0].link));
    assert_names(&list, "cb");
    (void)list_take_first(&list);
    (void)list_take_first(&list);
    assert_true(list_is_empty(&list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(members_stay_in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
