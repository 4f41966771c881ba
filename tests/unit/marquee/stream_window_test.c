/* Votes in tumbling windows: what counts, what is late, when a window closes, and that the state is
 * made anew from the offset that it names. */
#include "marquee/stream_window.h"

#include "base/arena.h"
#include "support/cmocka_test.h"

enum { ARENA_BYTES = 1024 * 1024, SIZE_MS = 100, LATENESS_MS = 20 };

struct scene {
    struct arena arena;
    struct call call;
    struct stream_windows *windows;
    int64_t offset;
};

static void set_up(struct scene *scene)
{
    *scene = (struct scene){.windows = stream_windows_create(SIZE_MS, LATENESS_MS, INT64_MIN)};
    arena_init(&scene->arena, ARENA_BYTES);
    call_init(&scene->call, &scene->arena, 0);
    assert_non_null(scene->windows);
}

static void tear_down(struct scene *scene)
{
    stream_windows_destroy(scene->windows);
    arena_deinit(&scene->arena);
}

static enum stream_window_outcome add_at(struct scene *scene, int64_t time_ms, int64_t appended_ms,
                                         const char *record, const char *id, int32_t hundredths)
{
    enum stream_window_outcome outcome;
    const struct stream_vote vote = {
        .offset = scene->offset++,
        .time_ms = time_ms,
        .appended_ms = appended_ms,
        .record = {RECORD_TYPE_MOVIE, text_of(record)},
        .provider = TEXT("p"),
        .event_id = text_of(id),
        .hundredths = hundredths,
    };
    assert_int_equal(stream_windows_add(scene->windows, &scene->call, &vote, &outcome), STATUS_OK);
    return outcome;
}

static enum stream_window_outcome add(struct scene *scene, int64_t time_ms, const char *record,
                                      int32_t hundredths)
{
    return add_at(scene, time_ms, INT64_MAX, record, "", hundredths);
}

static void expect(struct scene *scene, const char *record, int64_t start_ms, uint64_t count,
                   uint64_t sum)
{
    struct stream_window_result result;
    assert_true(stream_windows_close(scene->windows, &result));
    assert_true(text_equal(result.record.id, text_of(record)));
    assert_int_equal(result.record.type, RECORD_TYPE_MOVIE);
    assert_int_equal(result.start_ms, start_ms);
    assert_int_equal(result.end_ms, start_ms + SIZE_MS);
    assert_int_equal(result.count, count);
    assert_int_equal(result.sum_hundredths, sum);
}

static void expect_none(struct scene *scene)
{
    struct stream_window_result result;
    assert_false(stream_windows_close(scene->windows, &result));
}

static void windows_close_behind_their_lateness(void **state)
{
    struct scene scene;
    (void)state;
    set_up(&scene);
    assert_int_equal(add(&scene, 0, "a", 100), STREAM_COUNTED);
    assert_int_equal(add(&scene, 99, "a", 300), STREAM_COUNTED);
    assert_int_equal(add(&scene, 100, "a", 700), STREAM_COUNTED);
    assert_int_equal(add(&scene, 50, "b", 500), STREAM_COUNTED);
    assert_int_equal(add(&scene, 119, "b", 900), STREAM_COUNTED);
    expect_none(&scene);
    assert_int_equal(add(&scene, 1, "a", 200), STREAM_COUNTED); /* after its end, not yet late */
    assert_int_equal(stream_windows_open(scene.windows), 4);
    assert_int_equal(add(&scene, 120, "c", 0), STREAM_COUNTED);
    expect(&scene, "a", 0, 3, 600);
    expect(&scene, "b", 0, 1, 500);
    expect_none(&scene);
    assert_int_equal(add(&scene, 99, "a", 1), STREAM_LATE);
    expect_none(&scene);
    assert_int_equal(add(&scene, 220, "a", 1), STREAM_COUNTED);
    expect(&scene, "a", 100, 1, 700);
    expect(&scene, "b", 100, 1, 900);
    expect(&scene, "c", 100, 1, 0);
    expect_none(&scene);
    tear_down(&scene);
}

static void times_before_1970_have_windows_too(void **state)
{
    struct scene scene;
    (void)state;
    set_up(&scene);
    assert_int_equal(add(&scene, -101, "a", 100), STREAM_COUNTED);
    assert_int_equal(add(&scene, -100, "a", 100), STREAM_COUNTED);
    assert_int_equal(add(&scene, -1, "a", 100), STREAM_COUNTED);
    expect(&scene, "a", -200, 1, 100);
    assert_int_equal(add(&scene, 120, "z", 100), STREAM_COUNTED);
    expect(&scene, "a", -100, 2, 200);
    expect_none(&scene);
    tear_down(&scene);
}

/* An event from the future is counted in its own window, and closes nobody else's. */
static void a_clock_ahead_closes_nothing(void **state)
{
    struct scene scene;
    (void)state;
    set_up(&scene);
    assert_int_equal(add_at(&scene, 10, 10, "a", "", 100), STREAM_COUNTED);
    assert_int_equal(add_at(&scene, 1000000, 20, "b", "", 100), STREAM_COUNTED);
    expect_none(&scene);
    assert_int_equal(stream_windows_watermark_ms(scene.windows), 20);
    assert_int_equal(add_at(&scene, 15, 130, "a", "", 100), STREAM_COUNTED);
    expect_none(&scene);
    assert_int_equal(add_at(&scene, 120, 130, "c", "", 100), STREAM_COUNTED);
    expect(&scene, "a", 0, 2, 200);
    expect_none(&scene);
    tear_down(&scene);
}

static void an_id_counts_once_in_its_window(void **state)
{
    struct scene scene;
    (void)state;
    set_up(&scene);
    assert_int_equal(add_at(&scene, 1, 1, "a", "x", 100), STREAM_COUNTED);
    assert_int_equal(add_at(&scene, 1, 2, "a", "x", 100), STREAM_COUNTED_BEFORE);
    assert_int_equal(add_at(&scene, 1, 3, "b", "x", 100), STREAM_COUNTED_BEFORE);
    assert_int_equal(add_at(&scene, 1, 3, "a", "y", 100), STREAM_COUNTED);
    assert_int_equal(add_at(&scene, 1, 3, "a", "", 100), STREAM_COUNTED);
    assert_int_equal(add_at(&scene, 1, 3, "a", "", 100), STREAM_COUNTED);
    assert_int_equal(add_at(&scene, 120, 120, "a", "x", 100), STREAM_COUNTED); /* another window */
    expect(&scene, "a", 0, 4, 400);
    expect_none(&scene);
    tear_down(&scene);
}

static void the_first_offset_of_open_windows(void **state)
{
    struct scene scene;
    (void)state;
    set_up(&scene);
    assert_int_equal(stream_windows_first_offset(scene.windows, 7), 7);
    (void)add(&scene, 0, "a", 100);   /* 0 */
    (void)add(&scene, 100, "a", 100); /* 1 */
    (void)add(&scene, 1, "b", 100);   /* 2 */
    assert_int_equal(stream_windows_first_offset(scene.windows, 3), 0);
    (void)add(&scene, 120, "a", 100); /* 3 */
    expect(&scene, "a", 0, 1, 100);
    expect(&scene, "b", 0, 1, 100);
    assert_int_equal(stream_windows_first_offset(scene.windows, 4), 1);
    (void)add(&scene, 330, "a", 100); /* 4 */
    expect(&scene, "a", 100, 2, 200);
    assert_int_equal(stream_windows_first_offset(scene.windows, 5), 4);
    tear_down(&scene);
}

static void not_more_are_open_than_may_be(void **state)
{
    struct scene scene;
    enum stream_window_outcome outcome;
    struct stream_vote vote = {.appended_ms = 0, .record = {RECORD_TYPE_MOVIE, TEXT("a")}};
    (void)state;
    set_up(&scene);
    for (vote.time_ms = 0; vote.time_ms < (int64_t)STREAM_WINDOWS_OPEN_MAX * SIZE_MS;
         vote.time_ms += SIZE_MS) {
        if (stream_windows_add(scene.windows, &scene.call, &vote, &outcome) != STATUS_OK) {
            break;
        }
    }
    assert_int_equal(vote.time_ms, (int64_t)STREAM_WINDOWS_OPEN_MAX * SIZE_MS);
    assert_int_equal(stream_windows_add(scene.windows, &scene.call, &vote, &outcome),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(scene.call.error.message.data,
                        "more than 1048576 counts are open: use shorter windows or less lateness");
    tear_down(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_close_behind_their_lateness),
        cmocka_unit_test(times_before_1970_have_windows_too),
        cmocka_unit_test(a_clock_ahead_closes_nothing),
        cmocka_unit_test(an_id_counts_once_in_its_window),
        cmocka_unit_test(the_first_offset_of_open_windows),
        cmocka_unit_test(not_more_are_open_than_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
