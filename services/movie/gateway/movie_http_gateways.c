#include "movie/gateway/movie_http_gateways.h"

#include "discovery/discovery_open.h"
#include "loop/loop.h"
#include "process/process.h"

static enum status follow(struct followed_endpoint *followed, const char *service,
                          struct process *process, struct call *call, struct http_client *client,
                          const struct proto_pool *messages)
{
    const struct config *config = process_config(process);
    const struct http_client_access access = process_registry_access(process);
    http_endpoint_init(&followed->endpoint, service, client);
    followed->endpoint.messages = messages;
    followed->endpoint.secure = config_text(config, "tls-ca").length > 0;
    followed->endpoint.tokens = process_call_access(process).tokens;
    enum status status = discovery_open_resolver(
        loop_current(), call, config_text(config, "registry"), config_text(config, "services"),
        text_of(service), &access, &followed->resolver);
    if (status != STATUS_OK) {
        return status;
    }
    status = discovery_watcher_start(loop_current(), followed->resolver, text_of(service),
                                     http_endpoint_update, &followed->endpoint, &followed->watcher);
    followed->endpoint.watcher = followed->watcher;
    return status;
}

/* Where nothing says where it is, no instance is known. */
static enum status follow_if_any(struct followed_endpoint *followed, const char *service,
                                 struct process *process, struct call *call,
                                 struct http_client *client, const struct proto_pool *messages)
{
    const struct config *config = process_config(process);
    if (discovery_can_resolve(config_text(config, "registry"), config_text(config, "services"),
                              text_of(service))) {
        return follow(followed, service, process, call, client, messages);
    }
    http_endpoint_init(&followed->endpoint, service, client);
    followed->endpoint.messages = messages;
    return STATUS_OK;
}

static void unfollow(struct followed_endpoint *followed)
{
    discovery_watcher_stop(followed->watcher);
    if (followed->resolver.ops != NULL) {
        followed->resolver.ops->close(followed->resolver.state);
    }
    http_endpoint_deinit(&followed->endpoint);
    *followed = (struct followed_endpoint){.watcher = NULL};
}

enum status movie_http_gateways_start(struct movie_http_gateways *gateways, struct process *process,
                                      struct call *call, unsigned loop)
{
    const struct http_client_access access = process_call_access(process);
    enum status status = http_client_create(loop_current(), &gateways->clients[loop]);
    if (status == STATUS_OK) {
        http_client_set_tls(gateways->clients[loop], &access.tls);
        status = follow(&gateways->metadata_endpoints[loop], "metadata", process, call,
                        gateways->clients[loop], gateways->messages);
    }
    if (status == STATUS_OK) {
        status = follow(&gateways->rating_endpoints[loop], "rating", process, call,
                        gateways->clients[loop], gateways->messages);
    }
    if (status == STATUS_OK) {
        status = follow_if_any(&gateways->review_endpoints[loop], "review", process, call,
                               gateways->clients[loop], gateways->messages);
    }
    if (status == STATUS_OK) {
        status = follow_if_any(&gateways->recommendation_endpoints[loop], "recommendation", process,
                               call, gateways->clients[loop], gateways->messages);
    }
    gateways->recommendations.endpoints[loop] = &gateways->recommendation_endpoints[loop].endpoint;
    gateways->metadata.endpoints[loop] = &gateways->metadata_endpoints[loop].endpoint;
    gateways->rating.endpoints[loop] = &gateways->rating_endpoints[loop].endpoint;
    gateways->reviews.endpoints[loop] = &gateways->review_endpoints[loop].endpoint;
    return status;
}

void movie_http_gateways_stop(struct movie_http_gateways *gateways, unsigned loop)
{
    unfollow(&gateways->metadata_endpoints[loop]);
    unfollow(&gateways->rating_endpoints[loop]);
    unfollow(&gateways->review_endpoints[loop]);
    unfollow(&gateways->recommendation_endpoints[loop]);
    http_client_destroy(gateways->clients[loop]);
    gateways->clients[loop] = NULL;
}
