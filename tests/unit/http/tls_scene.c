#include "unit/http/tls_scene.h"

#include <stdio.h>
#include <string.h>

#include "support/in_fiber.h"
#include "support/openssl_authority.h"

enum { ARENA_BYTES_MAX = 16 * 1024 * 1024, DAY_S = 86400 };

#define LOCAL_NAMES "DNS:localhost,DNS:films.test,IP:127.0.0.1,IP:::1"

struct run {
    struct tls_scene scene;
    void (*body)(struct tls_scene *scene);
};

const char *tls_scene_path(struct tls_scene *scene, const char *name)
{
    if (name == NULL) {
        return NULL;
    }
    char *path = scene->paths[scene->path_count++ % ARRAY_LENGTH(scene->paths)];
    struct text whole = arena_format(&scene->arena, "%s/%s", scene->directory, name);
    CHECK(text_to_c_string(whole, path, TLS_SCENE_PATH_BYTES));
    return path;
}

static const char *with_ending(struct tls_scene *scene, const char *name, const char *ending)
{
    char file[64];
    if (name == NULL) {
        return NULL;
    }
    CHECK(snprintf(file, sizeof(file), "%s.%s", name, ending) < (int)sizeof(file));
    return tls_scene_path(scene, file);
}

static struct openssl_authority *make_authority(struct tls_scene *scene, const char *name,
                                                int64_t until_s)
{
    struct openssl_authority *authority = openssl_authority_create(name, until_s);
    openssl_authority_write(authority, with_ending(scene, name, "pem"));
    return authority;
}

static void issue(struct tls_scene *scene, const struct openssl_authority *authority,
                  const char *name, const char *subject, const char *names, int64_t from_s,
                  int64_t until_s, size_t padding)
{
    const struct openssl_certificate certificate = {
        .subject = subject,
        .padding = padding,
        .names = names,
        .from_s = from_s,
        .until_s = until_s,
        .file = with_ending(scene, name, "pem"),
        .key_file = with_ending(scene, name, "key"),
    };
    openssl_authority_issue(authority, &certificate);
}

static void make_certificates(struct tls_scene *scene)
{
    struct openssl_authority *ca = make_authority(scene, "ca", DAY_S);
    struct openssl_authority *stranger = make_authority(scene, "stranger", DAY_S);
    struct openssl_authority *expired_ca = make_authority(scene, "expired-ca", -60);
    issue(scene, ca, "server", "server", LOCAL_NAMES, -60, DAY_S, 0);
    issue(scene, ca, "next", "next", LOCAL_NAMES, -60, 2 * DAY_S, 0);
    issue(scene, ca, "nameless", "localhost", NULL, -60, DAY_S, 0);
    issue(scene, expired_ca, "old-chain", "server", LOCAL_NAMES, -60, DAY_S, 0);
    issue(scene, stranger, "foreign", "server", LOCAL_NAMES, -60, DAY_S, 0);
    issue(scene, ca, "expired", "server", LOCAL_NAMES, -120, -60, 0);
    issue(scene, ca, "future", "server", LOCAL_NAMES, 3600, DAY_S, 0);
    issue(scene, ca, "client", "movie", NULL, -60, DAY_S, 0);
    size_t room = TLS_SUBJECT_BYTES_MAX - sizeof("CN=movie,O=Marquee");
    issue(scene, ca, "longest", "movie", NULL, -60, DAY_S, room);
    issue(scene, ca, "overlong", "movie", NULL, -60, DAY_S, room + 1);
    openssl_authority_destroy(ca);
    openssl_authority_destroy(stranger);
    openssl_authority_destroy(expired_ca);
}

void tls_scene_init(struct tls_scene *scene)
{
    *scene = (struct tls_scene){.path_count = 0};
    scratch_directory_make(scene->directory);
    arena_init(&scene->arena, ARENA_BYTES_MAX);
    call_init(&scene->call, &scene->arena, RAW_PEER_WAIT_MS);
    make_certificates(scene);
}

void tls_scene_deinit(struct tls_scene *scene)
{
    arena_deinit(&scene->arena);
    scratch_directory_remove(scene->directory);
}

static void run_body(void *argument)
{
    struct run *run = argument;
    run->body(&run->scene);
}

void tls_scene_run(void (*body)(struct tls_scene *scene))
{
    struct run run = {.body = body};
    tls_scene_init(&run.scene);
    in_fiber(run_body, &run);
    tls_scene_deinit(&run.scene);
}

void tls_scene_copy(struct tls_scene *scene, const char *from, const char *to)
{
    char bytes[16 * 1024];
    FILE *source = fopen(tls_scene_path(scene, from), "re");
    FILE *target = fopen(tls_scene_path(scene, to), "we");
    assert_non_null(source);
    assert_non_null(target);
    size_t length = fread(bytes, 1, sizeof(bytes), source);
    assert_true(length > 0 && length < sizeof(bytes));
    assert_int_equal(fwrite(bytes, 1, length, target), length);
    assert_int_equal(fclose(source), 0);
    assert_int_equal(fclose(target), 0);
}

static struct tls_context *create(struct tls_scene *scene, const struct tls_options *options)
{
    struct tls_context *context = NULL;
    enum status status = tls_context_create(&scene->call, options, &context);
    if (status != STATUS_OK) {
        fail_msg("no context: %.*s", TEXT_ARGUMENTS(scene->call.error.message));
    }
    return context;
}

struct tls_context *tls_scene_server(struct tls_scene *scene, const char *name,
                                     const char *client_ca)
{
    return create(scene,
                  &(struct tls_options){
                      .side = TLS_SERVER,
                      .certificate_file = with_ending(scene, name, "pem"),
                      .key_file = with_ending(scene, name, "key"),
                      .ca_file = with_ending(scene, client_ca, "pem"),
                      .client_certificate = client_ca != NULL ? TLS_CLIENT_CERTIFICATE_REQUIRED
                                                              : TLS_CLIENT_CERTIFICATE_UNASKED,
                  });
}

struct tls_context *tls_scene_client(struct tls_scene *scene, const char *ca, const char *name)
{
    return create(scene, &(struct tls_options){
                             .side = TLS_CLIENT,
                             .certificate_file = with_ending(scene, name, "pem"),
                             .key_file = with_ending(scene, name, "key"),
                             .ca_file = with_ending(scene, ca, "pem"),
                         });
}

static void on_established(void *state)
{
    struct tls_pair *pair = state;
    pair->established = true;
    raw_peer_open(&pair->server, pair->accepted);
    fiber_wait_signal(&pair->changed);
}

static void on_failed(void *state, const char *reason)
{
    struct tls_pair *pair = state;
    CHECK(snprintf(pair->reason, sizeof(pair->reason), "%s", reason) < (int)sizeof(pair->reason));
    pair->accepted->ops->shutdown(pair->accepted->state);
    fiber_wait_signal(&pair->changed);
}

static struct http_transport *narrowed(struct http_transport *wire,
                                       const struct narrow_options *options)
{
    bool is_wide = options->step == 0 && options->spoil_at == 0 && options->write_max == 0;
    return is_wide ? wire : narrow_transport(loop_current(), wire, options);
}

enum status tls_pair_open(struct tls_scene *scene, const struct tls_pair_options *options,
                          struct tls_pair *pair)
{
    struct http_transport *near_end;
    struct http_transport *far_end;
    struct http_transport *connected = NULL;
    *pair = (struct tls_pair){.established = false};
    fiber_wait_init(&pair->changed);
    assert_int_equal(http_transport_pair(loop_current(), &near_end, &far_end), STATUS_OK);
    const struct tls_handshake_events events = {on_established, on_failed, pair};
    pair->wire = narrowed(near_end, &options->to_server);
    assert_int_equal(
        tls_accept(loop_current(), options->server, pair->wire, &events, &pair->accepted),
        STATUS_OK);
    call_clear_error(&scene->call);
    enum status status = tls_connect(loop_current(), &scene->call, options->client,
                                     narrowed(far_end, &options->to_client), text_of(options->host),
                                     options->alpn, &connected);
    if (status == STATUS_OK) {
        raw_peer_open(&pair->client, connected);
    }
    return status;
}

void tls_pair_await(struct tls_scene *scene, struct tls_pair *pair)
{
    while (!pair->established && pair->reason[0] == '\0') {
        assert_int_equal(fiber_wait(&scene->call, &pair->changed), STATUS_OK);
    }
}

void tls_pair_close(struct tls_pair *pair)
{
    if (pair->established) {
        raw_peer_close(&pair->server);
    } else {
        pair->accepted->ops->close(pair->accepted->state);
    }
    raw_peer_close(&pair->client); /* if it was opened */
}
