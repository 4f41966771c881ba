/* The cases about leases: one owner at a time. */
#include "contract/rating_case.h"

enum { LONG_MS = 60 * 60 * 1000, SHORT_MS = 2 };

static bool hold(struct rating_case *self, const char *name, const char *owner, int64_t ttl_ms)
{
    bool held = ttl_ms == 0; /* not what is expected */
    assert_int_equal(self->repository.ops->hold_lease(self->repository.state, self->call,
                                                      text_of(name), text_of(owner), ttl_ms, &held),
                     STATUS_OK);
    return held;
}

static void a_lease_has_one_owner(struct rating_case *self)
{
    assert_true(hold(self, "relay", "a", LONG_MS));
    assert_false(hold(self, "relay", "b", LONG_MS));
    assert_true(hold(self, "relay", "a", LONG_MS)); /* renewed */
    assert_true(hold(self, "other", "b", LONG_MS)); /* each name has its own */
    assert_false(hold(self, "relay", "b", 0));      /* it is not b's to give back */
    assert_false(hold(self, "relay", "b", LONG_MS));
    assert_false(hold(self, "relay", "a", 0));
    assert_true(hold(self, "relay", "b", LONG_MS));
    assert_false(hold(self, "nobody's", "b", 0));
}

static void a_lease_ends_by_itself(struct rating_case *self)
{
    assert_true(hold(self, "relay", "a", SHORT_MS));
    rating_case_pass(self, SHORT_MS);
    assert_true(hold(self, "relay", "b", INT64_MAX)); /* and one without an end */
    assert_false(hold(self, "relay", "a", LONG_MS));
}

static void leases_are_kept(struct rating_case *self)
{
    assert_true(hold(self, "relay", "a", LONG_MS));
    rating_case_reopen(self);
    assert_false(hold(self, "relay", "b", LONG_MS));
    assert_true(hold(self, "relay", "a", LONG_MS));
}

static void names_have_limits(struct rating_case *self)
{
    char bytes[RATING_REPOSITORY_NAME_BYTES_MAX + 1];
    memset(bytes, 'x', sizeof(bytes));
    const struct text longest = text_of_bytes(bytes, RATING_REPOSITORY_NAME_BYTES_MAX);
    const struct text wrong[] = {text_of_bytes(bytes, sizeof(bytes)), TEXT(""), TEXT("a\0b")};
    bool held = false;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        assert_int_equal(self->repository.ops->hold_lease(self->repository.state, self->call,
                                                          wrong[i], longest, LONG_MS, &held),
                         STATUS_INVALID_ARGUMENT);
        assert_int_equal(self->repository.ops->hold_lease(self->repository.state, self->call,
                                                          longest, wrong[i], LONG_MS, &held),
                         STATUS_INVALID_ARGUMENT);
    }
    assert_false(held);
    call_clear_error(self->call);
    assert_int_equal(self->repository.ops->hold_lease(self->repository.state, self->call, longest,
                                                      longest, LONG_MS, &held),
                     STATUS_OK);
    assert_true(held);
}

const struct rating_contract_case rating_lease_cases[] = {
    {.name = "a_lease_has_one_owner", .run = a_lease_has_one_owner},
    {.name = "a_lease_ends_by_itself", .run = a_lease_ends_by_itself},
    {.name = "leases_are_kept", .run = leases_are_kept, .reopens = true},
    {.name = "names_have_limits", .run = names_have_limits},
    {.name = NULL},
};
