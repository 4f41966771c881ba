#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "grpc/grpc_subset.h"

enum { INSTANCES = 200, CHOSEN = 20, CLIENTS = 1000, ADDRESS_BYTES = 24 };

struct fleet {
    char addresses[INSTANCES][ADDRESS_BYTES];
    struct grpc_endpoint endpoints[INSTANCES];
};

static void make_fleet(struct fleet *fleet)
{
    for (size_t i = 0; i < INSTANCES; i++) {
        (void)snprintf(fleet->addresses[i], ADDRESS_BYTES, "10.0.%zu.%zu:8081", i / 250, i % 250);
        fleet->endpoints[i] =
            (struct grpc_endpoint){.address = text_of(fleet->addresses[i]), .weight = 1};
    }
}

static bool contains(const struct grpc_endpoint *endpoints, size_t count, struct text address)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(endpoints[i].address, address)) {
            return true;
        }
    }
    return false;
}

static size_t common(const struct fleet *one, const struct fleet *other, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += contains(one->endpoints, count, other->endpoints[i].address);
    }
    return found;
}

static void test_few_are_all_taken(void **state)
{
    (void)state;
    struct fleet fleet;
    make_fleet(&fleet);
    assert_int_equal(grpc_subset(fleet.endpoints, 0, CHOSEN, 1), 0);
    assert_int_equal(grpc_subset(fleet.endpoints, CHOSEN, CHOSEN, 1), CHOSEN);
    assert_true(text_equal(fleet.endpoints[0].address, TEXT("10.0.0.0:8081")));
}

/* Whatever order they come in; and each instance stands there once still. */
static void test_the_order_does_not_matter(void **state)
{
    (void)state;
    struct fleet one;
    struct fleet other;
    make_fleet(&one);
    make_fleet(&other);
    for (size_t i = 0; i < INSTANCES / 2; i++) {
        struct grpc_endpoint last = other.endpoints[INSTANCES - 1 - i];
        other.endpoints[INSTANCES - 1 - i] = other.endpoints[i];
        other.endpoints[i] = last;
    }
    assert_int_equal(grpc_subset(one.endpoints, INSTANCES, CHOSEN, 42), CHOSEN);
    assert_int_equal(grpc_subset(other.endpoints, INSTANCES, CHOSEN, 42), CHOSEN);
    assert_int_equal(common(&one, &other, CHOSEN), CHOSEN);
    assert_int_equal(common(&one, &other, INSTANCES), INSTANCES);
}

/* One that leaves costs those who had it one place, and the others none. */
static void test_a_change_moves_one(void **state)
{
    (void)state;
    for (uint64_t key = 1; key <= 50; key++) {
        struct fleet before;
        struct fleet after;
        make_fleet(&before);
        make_fleet(&after);
        struct text gone = after.endpoints[7].address;
        after.endpoints[7] = after.endpoints[INSTANCES - 1];
        (void)grpc_subset(before.endpoints, INSTANCES, CHOSEN, key);
        (void)grpc_subset(after.endpoints, INSTANCES - 1, CHOSEN, key);
        bool had_it = contains(before.endpoints, CHOSEN, gone);
        assert_int_equal(common(&before, &after, CHOSEN), CHOSEN - had_it);
    }
}

/* How many clients chose an instance; weights: of it and of all others. */
static unsigned count_clients(uint16_t weight, uint64_t first_key)
{
    unsigned clients = 0;
    for (uint64_t key = first_key; key < first_key + CLIENTS; key++) {
        struct fleet fleet;
        make_fleet(&fleet);
        fleet.endpoints[11].weight = weight;
        struct text watched = fleet.endpoints[11].address;
        (void)grpc_subset(fleet.endpoints, INSTANCES, CHOSEN, key);
        clients += contains(fleet.endpoints, CHOSEN, watched);
    }
    return clients;
}

/* 1,000 clients that choose 20 of 200: 100 each, give or take 9.5. Keys are fixed, and so is what
 * comes out. */
static void test_clients_spread(void **state)
{
    (void)state;
    assert_in_range(count_clients(1, 1), 100 - 48, 100 + 48);
    assert_in_range(count_clients(1, 100000), 100 - 48, 100 + 48);
    /* 1 - (1 - 0.1)^3 and a little less, for it can be chosen once only. */
    assert_in_range(count_clients(3, 1), 200, 320);
}

static void test_near_ones_come_first(void **state)
{
    (void)state;
    struct fleet fleet;
    make_fleet(&fleet);
    for (size_t i = 0; i < INSTANCES; i += 20) {
        fleet.endpoints[i].is_near = true; /* ten */
    }
    assert_int_equal(grpc_subset(fleet.endpoints, INSTANCES, CHOSEN, 5), CHOSEN);
    unsigned near = 0;
    for (size_t i = 0; i < CHOSEN; i++) {
        near += fleet.endpoints[i].is_near;
    }
    assert_int_equal(near, INSTANCES / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_are_all_taken),
        cmocka_unit_test(test_the_order_does_not_matter),
        cmocka_unit_test(test_a_change_moves_one),
        cmocka_unit_test(test_clients_spread),
        cmocka_unit_test(test_near_ones_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
