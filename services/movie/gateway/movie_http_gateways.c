#include "movie/gateway/movie_http_gateways.h"

#include "discovery/discovery_open.h"
#include "loop/loop.h"

static enum status follow(struct followed_endpoint *followed, const char *service,
                          const struct config *config, struct call *call,
                          struct http_client *client)
{
    http_endpoint_init(&followed->endpoint, service, client);
    followed->endpoint.secure = config_text(config, "tls-ca").length > 0;
    enum status status = discovery_open_resolver(
        loop_current(), call, config_text(config, "registry"), config_text(config, "services"),
        text_of(service), &followed->resolver);
    if (status != STATUS_OK) {
        return status;
    }
    status = discovery_watcher_start(loop_current(), followed->resolver, text_of(service),
                                     http_endpoint_update, &followed->endpoint, &followed->watcher);
    followed->endpoint.watcher = followed->watcher;
    return status;
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

enum status movie_http_gateways_start(struct movie_http_gateways *gateways,
                                      const struct config *config, struct call *call, unsigned loop)
{
    enum status status = http_client_create(loop_current(), &gateways->clients[loop]);
    if (status == STATUS_OK) {
        http_client_set_tls(gateways->clients[loop],
                            &(struct http_client_tls){
                                .ca_file = config_text(config, "tls-ca").data,
                                .certificate_file = config_text(config, "tls-certificate").data,
                                .key_file = config_text(config, "tls-key").data,
                            });
        status = follow(&gateways->metadata_endpoints[loop], "metadata", config, call,
                        gateways->clients[loop]);
    }
    if (status == STATUS_OK) {
        status = follow(&gateways->rating_endpoints[loop], "rating", config, call,
                        gateways->clients[loop]);
    }
    gateways->metadata.endpoints[loop] = &gateways->metadata_endpoints[loop].endpoint;
    gateways->rating.endpoints[loop] = &gateways->rating_endpoints[loop].endpoint;
    return status;
}

void movie_http_gateways_stop(struct movie_http_gateways *gateways, unsigned loop)
{
    unfollow(&gateways->metadata_endpoints[loop]);
    unfollow(&gateways->rating_endpoints[loop]);
    http_client_destroy(gateways->clients[loop]);
    gateways->clients[loop] = NULL;
}
