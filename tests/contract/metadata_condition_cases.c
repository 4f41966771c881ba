/* Writes on a condition. */
#include "base/arena.h"
#include "contract/metadata_case.h"
#include "loop/fiber.h"
#include "metadata/model/metadata_json.h"

enum { WRITERS = 16, TIMEOUT_MS = 60 * 1000 };

static struct metadata entry(const char *title)
{
    return (struct metadata){.id = TEXT("tt1"), .title = text_of(title)};
}

static struct digest digest_of_title(const char *title)
{
    struct metadata metadata = entry(title);
    struct digest digest;
    assert_int_equal(metadata_digest(&metadata, &digest), STATUS_OK);
    return digest;
}

static enum status put(struct metadata_case *self, const char *title,
                       const struct metadata_condition *condition)
{
    struct metadata metadata = entry(title);
    return self->repository.ops->put(self->repository.state, self->call, &metadata, condition);
}

static enum status remove_entry(struct metadata_case *self,
                                const struct metadata_condition *condition)
{
    return self->repository.ops->remove(self->repository.state, self->call, TEXT("tt1"), condition);
}

static void assert_title(struct metadata_case *self, const char *title)
{
    struct metadata metadata;
    assert_int_equal(
        self->repository.ops->get(self->repository.state, self->call, TEXT("tt1"), &metadata),
        STATUS_OK);
    assert_true(text_equal(metadata.title, text_of(title)));
}

void metadata_condition_holds_or_aborts(struct metadata_case *self)
{
    const struct digest tags[] = {digest_of_title("Other"), digest_of_title("One")};
    const struct metadata_condition absent = {.must_be_absent = true};
    const struct metadata_condition any = {.must_match = true, .is_any = true};
    const struct metadata_condition other = {.must_match = true, .tags = tags, .tag_count = 1};
    const struct metadata_condition either = {.must_match = true, .tags = tags, .tag_count = 2};
    const struct metadata_condition unknown = {.must_match = true};
    const struct metadata_condition neither = {.others = tags, .other_count = 2};
    const struct metadata_condition not_other = {.others = tags, .other_count = 1};
    struct metadata_changes before;
    struct metadata_changes after;
    assert_int_equal(put(self, "One", &any), STATUS_ABORTED);
    assert_int_equal(put(self, "One", &either), STATUS_ABORTED);
    assert_int_equal(remove_entry(self, &either), STATUS_ABORTED);
    assert_int_equal(put(self, "One", &absent), STATUS_OK);
    assert_int_equal(
        self->repository.ops->list_changes(self->repository.state, self->call, 0, 0, &before),
        STATUS_OK);
    assert_int_equal(put(self, "Two", &absent), STATUS_ABORTED);
    assert_int_equal(put(self, "Two", &other), STATUS_ABORTED);
    assert_int_equal(put(self, "Two", &unknown), STATUS_ABORTED);
    assert_int_equal(put(self, "Two", &neither), STATUS_ABORTED);
    assert_int_equal(remove_entry(self, &other), STATUS_ABORTED);
    assert_int_equal(remove_entry(self, &neither), STATUS_ABORTED);
    assert_title(self, "One");
    assert_int_equal(
        self->repository.ops->list_changes(self->repository.state, self->call, 0, 0, &after),
        STATUS_OK);
    assert_int_equal(after.last, before.last);
    assert_int_equal(put(self, "Two", &either), STATUS_OK);
    assert_title(self, "Two");
    assert_int_equal(put(self, "Three", &neither), STATUS_OK);
    assert_title(self, "Three");
    assert_int_equal(put(self, "Two", &not_other), STATUS_OK);
    assert_int_equal(remove_entry(self, &either), STATUS_ABORTED);
    assert_int_equal(remove_entry(self, &any), STATUS_OK);
    assert_int_equal(remove_entry(self, &any), STATUS_ABORTED);
    assert_int_equal(put(self, "One", &neither), STATUS_OK); /* what is not there is of no tag */
    assert_int_equal(remove_entry(self, NULL), STATUS_OK);
    assert_int_equal(remove_entry(self, NULL), STATUS_NOT_FOUND);
}

struct contender {
    struct metadata_case *self;
    char title[2];
    const struct metadata_condition *condition;
    enum status status;
};

static void contend(void *argument)
{
    struct contender *contender = argument;
    struct metadata_case own = *contender->self;
    struct arena arena;
    struct call call;
    arena_init(&arena, 1024 * 1024);
    call_init(&call, &arena, TIMEOUT_MS);
    own.call = &call;
    contender->status = put(&own, contender->title, contender->condition);
    arena_deinit(&arena);
}

/* All have read the same version, and are committed together. */
void metadata_condition_lets_one_win(struct metadata_case *self)
{
    const struct digest tag = digest_of_title("One");
    const struct metadata_condition condition = {.must_match = true, .tags = &tag, .tag_count = 1};
    struct contender contenders[WRITERS];
    struct fiber_group group;
    size_t winners = 0;
    assert_int_equal(put(self, "One", NULL), STATUS_OK);
    fiber_group_init(&group);
    for (unsigned i = 0; i < WRITERS; i++) {
        contenders[i] = (struct contender){
            .self = self, .title = {(char)('a' + i), '\0'}, .condition = &condition};
        assert_int_equal(fiber_group_start(&group, contend, &contenders[i]), STATUS_OK);
    }
    fiber_group_join(&group);
    for (unsigned i = 0; i < WRITERS; i++) {
        if (contenders[i].status == STATUS_OK) {
            winners++;
            assert_title(self, contenders[i].title);
        } else {
            assert_int_equal(contenders[i].status, STATUS_ABORTED);
        }
    }
    assert_int_equal(winners, 1);
}
