/* In steady state, movie details take nothing from the heap: not the movie service, not the two
 * that it asks, nor the channels between them; a new second's date may. */
#include "base/clock.h"
#include "metadata/handler/metadata_handler.h"
#include "metadata/repository/memory_metadata_repository.h"
#include "movie.pb-c.h"
#include "movie/gateway/grpc_metadata_gateway.h"
#include "movie/gateway/grpc_rating_gateway.h"
#include "movie/handler/movie_handler.h"
#include "rating/handler/rating_handler.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/allocation_count.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/service_scene.h"

enum { WARM_CALLS = 100, COUNTED_CALLS = 1000, CONNECTIONS = 3 };

/* The three services of a process that is all of Marquee. */
struct fixture {
    struct service_scene metadata_scene;
    struct service_scene rating_scene;
    struct service_scene movie_scene;
    struct metadata_controller metadata;
    struct rating_controller rating;
    struct movie_controller movie;
    struct grpc_metadata_gateway metadata_gateway;
    struct grpc_rating_gateway rating_gateway;
};

static void store_movie(struct service_scene *scene)
{
    PutMetadataRequest request = PUT_METADATA_REQUEST__INIT;
    Metadata metadata = METADATA__INIT;
    const void *response;
    metadata.id = proto_bytes(TEXT("tt0133093"));
    metadata.title = proto_bytes(TEXT("The Matrix"));
    metadata.description = proto_bytes(TEXT("A programmer who hacks by night learns that the world "
                                            "around him is a simulation run by machines."));
    request.metadata = &metadata;
    assert_int_equal(service_scene_call(scene, "/MetadataService/PutMetadata", &request.base,
                                        &put_metadata_response__descriptor, &response),
                     STATUS_OK);
}

static void store_rating(struct service_scene *scene)
{
    PutRatingRequest request = PUT_RATING_REQUEST__INIT;
    const void *response;
    request.user_id = proto_bytes(TEXT("ann"));
    request.record_id = proto_bytes(TEXT("tt0133093"));
    request.record_type = proto_bytes(TEXT("movie"));
    request.rating_value = 8;
    assert_int_equal(service_scene_call(scene, "/RatingService/PutRating", &request.base,
                                        &put_rating_response__descriptor, &response),
                     STATUS_OK);
}

static void open_services(struct fixture *fixture)
{
    fixture->rating.step_hundredths = 50;
    service_scene_open(&fixture->metadata_scene, metadata_handler_service(&fixture->metadata), NULL,
                       0);
    service_scene_open(&fixture->rating_scene, rating_handler_service(&fixture->rating), NULL, 0);
    assert_int_equal(memory_metadata_repository_open(&fixture->metadata_scene.call,
                                                     &fixture->metadata.repository),
                     STATUS_OK);
    assert_int_equal(
        memory_rating_repository_open(&fixture->rating_scene.call, &fixture->rating.repository),
        STATUS_OK);
    fixture->metadata_gateway.channels[0] = fixture->metadata_scene.channel;
    fixture->rating_gateway.channels[0] = fixture->rating_scene.channel;
    fixture->movie =
        (struct movie_controller){.metadata = grpc_metadata_gateway(&fixture->metadata_gateway),
                                  .rating = grpc_rating_gateway(&fixture->rating_gateway)};
    service_scene_open(&fixture->movie_scene, movie_handler_service(&fixture->movie), NULL, 0);
    store_movie(&fixture->metadata_scene);
    store_rating(&fixture->rating_scene);
}

static void close_services(struct fixture *fixture)
{
    service_scene_close(&fixture->movie_scene);
    service_scene_close(&fixture->rating_scene);
    service_scene_close(&fixture->metadata_scene);
    fixture->rating.repository.ops->close(fixture->rating.repository.state);
    fixture->metadata.repository.ops->close(fixture->metadata.repository.state);
}

static void ask_details(struct fixture *fixture, struct arena *arena, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        GetMovieDetailsRequest request = GET_MOVIE_DETAILS_REQUEST__INIT;
        ProtobufCMessage *response = NULL;
        struct call call;
        call_init(&call, arena, SERVICE_SCENE_TIMEOUT_MS);
        request.movie_id = proto_bytes(TEXT("tt0133093"));
        assert_int_equal(grpc_call_unary(fixture->movie_scene.channel, &call,
                                         "/MovieService/GetMovieDetails", NULL, &request.base,
                                         &get_movie_details_response__descriptor, &response),
                         STATUS_OK);
        const GetMovieDetailsResponse *details = (const void *)response;
        assert_int_equal(details->movie_details->rating_state, RATING_STATE__RATED);
        arena_reset(arena);
    }
}

static void count_allocations(void *argument)
{
    struct fixture *fixture = argument;
    struct arena arena;
    int64_t start_ms = clock_wall_ms();
    arena_init(&arena, 1 << 20);
    open_services(fixture);
    ask_details(fixture, &arena, WARM_CALLS);
    uint64_t before = allocation_count();
    ask_details(fixture, &arena, COUNTED_CALLS);
    uint64_t taken = allocation_count() - before;
    assert_true(before > 0); /* it is counted at all */
    if (taken > CONNECTIONS * allocation_count_for_dates(start_ms)) {
        fail_msg("%llu allocations in %d calls", (unsigned long long)taken, COUNTED_CALLS);
    }
    close_services(fixture);
    arena_deinit(&arena);
}

static void warm_details_allocate_nothing(void **state)
{
    struct fixture fixture = {.metadata = {.repository = {.ops = NULL}}};
    (void)state;
    if (!allocation_count_is_kept()) {
        skip();
    }
    in_fiber(count_allocations, &fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warm_details_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
