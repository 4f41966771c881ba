/* What providers' values are in points. */
#include "marquee/stream_scale.h"

#include "base/arena.h"
#include "support/cmocka_test.h"
#include "json/json.h"

enum { ARENA_BYTES = 1024 * 1024 };

struct scene {
    struct arena arena;
    struct call call;
};

static void set_up(struct scene *scene)
{
    arena_init(&scene->arena, ARENA_BYTES);
    call_init(&scene->call, &scene->arena, 0);
}

static void values_become_points(void **state)
{
    static const struct {
        const char *scale;
        const char *value;
        int32_t hundredths; /* -1: refused */
        const char *why;
    } cases[] = {
        {"stars", "0", 0, NULL},
        {"stars", "5", 1000, NULL},
        {"stars", "3.5", 700, NULL},
        {"stars", "3.333", 667, NULL},
        {"stars", "5.01", -1, "value 5.01 is not on this provider's scale of 0 to 5"},
        {"stars", "-0.5", -1, "value -0.5 is not on this provider's scale of 0 to 5"},
        {"stars", "\"5\"", -1, "value must be a number, not a string"},
        {"stars", "null", -1, "value must be a number, not null"},
        {"percent", "87", 870, NULL},
        {"percent", "100", 1000, NULL},
        {"percent", "101", -1, "value 101 is not on this provider's scale of 0 to 100"},
        {"points", "7.25", 725, NULL},
        {"thumbs", "\"up\"", 1000, NULL},
        {"thumbs", "\"down\"", 0, NULL},
        {"thumbs", "true", 1000, NULL},
        {"thumbs", "false", 0, NULL},
        {"thumbs", "1", 1000, NULL},
        {"thumbs", "0", 0, NULL},
        {"thumbs", "2", -1, "value must be \"up\" or \"down\""},
        {"thumbs", "\"sideways\"", -1, "value must be \"up\" or \"down\""},
        {"1..7", "1", 0, NULL},
        {"1..7", "4", 500, NULL},
        {"1..7", "7", 1000, NULL},
        {"1..7", "0", -1, "value 0 is not on this provider's scale of 1 to 7"},
        {"-5..5", "-2.5", 250, NULL},
        {"0.5..5", "0.5", 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct scene scene;
        struct stream_scales scales;
        const struct json *value;
        int32_t hundredths = -1;
        set_up(&scene);
        struct text text = arena_format(&scene.arena, "p=%s", cases[i].scale);
        assert_int_equal(stream_scales_parse(&scene.call, text, &scales), STATUS_OK);
        assert_int_equal(json_parse(&scene.call, text_of(cases[i].value), &value), STATUS_OK);
        const struct stream_scale *scale = stream_scales_find(&scales, TEXT("p"));
        assert_non_null(scale);
        enum status status = stream_scale_apply(scale, &scene.call, value, &hundredths);
        assert_int_equal(status, cases[i].why == NULL ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        assert_int_equal(hundredths, cases[i].hundredths);
        if (cases[i].why != NULL) {
            assert_string_equal(scene.call.error.message.data, cases[i].why);
        }
        arena_deinit(&scene.arena);
    }
}

static void scales_are_found_by_provider(void **state)
{
    struct scene scene;
    struct stream_scales scales;
    (void)state;
    set_up(&scene);
    assert_int_equal(
        stream_scales_parse(&scene.call, TEXT(" a = stars; ;b=1..7;*=percent;"), &scales),
        STATUS_OK);
    assert_int_equal(scales.count, 3);
    assert_true(stream_scales_find(&scales, TEXT("a"))->maximum == 5);
    assert_true(stream_scales_find(&scales, TEXT("b"))->minimum == 1);
    assert_true(stream_scales_find(&scales, TEXT("c"))->maximum == 100);
    assert_true(stream_scales_find(&scales, TEXT(""))->maximum == 100);
    assert_int_equal(stream_scales_parse(&scene.call, TEXT("a=stars"), &scales), STATUS_OK);
    assert_null(stream_scales_find(&scales, TEXT("c")));
    assert_int_equal(stream_scales_parse(&scene.call, TEXT(""), &scales), STATUS_OK);
    assert_int_equal(scales.count, 0);
    arena_deinit(&scene.arena);
}

static void what_is_no_scale_is_refused(void **state)
{
    static const char *const cases[] = {"a",      "a=",    "a=moons", "a=7..1",
                                        "a=1..1", "a=..5", "a=1..",   "a=1..nan"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct scene scene;
        struct stream_scales scales;
        set_up(&scene);
        assert_int_equal(stream_scales_parse(&scene.call, text_of(cases[i]), &scales),
                         STATUS_INVALID_ARGUMENT);
        struct text want = arena_format(&scene.arena,
                                        "'%s' is not PROVIDER=SCALE; scales are stars, percent, "
                                        "points, thumbs and MIN..MAX",
                                        cases[i]);
        assert_string_equal(scene.call.error.message.data, want.data);
        arena_deinit(&scene.arena);
    }
}

static void there_are_not_more_scales_than_may_be(void **state)
{
    (void)state;
    for (unsigned more = 0; more < 2; more++) {
        struct scene scene;
        struct buffer buffer;
        struct stream_scales scales;
        set_up(&scene);
        buffer_init(&buffer, ARENA_BYTES);
        for (unsigned i = 0; i < STREAM_SCALES_MAX + more; i++) {
            assert_true(buffer_format(&buffer, "p%u=stars;", i));
        }
        assert_int_equal(stream_scales_parse(&scene.call, buffer_text(&buffer), &scales),
                         more > 0 ? STATUS_INVALID_ARGUMENT : STATUS_OK);
        assert_true(more == 0 || text_equal(scene.call.error.message, TEXT("more than 64 scales")));
        buffer_deinit(&buffer);
        arena_deinit(&scene.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_points),
        cmocka_unit_test(scales_are_found_by_provider),
        cmocka_unit_test(what_is_no_scale_is_refused),
        cmocka_unit_test(there_are_not_more_scales_than_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
