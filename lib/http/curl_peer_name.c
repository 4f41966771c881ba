#include "http/curl_peer_name.h"

struct parts {
    CURLU *url;
    char *host; /* an IPv6 address in its brackets */
    char *port;
    char *named; /* the whole URL, with the name */
};

static bool take_apart(struct parts *parts, const char *url, const char *peer_name)
{
    return parts->url != NULL && curl_url_set(parts->url, CURLUPART_URL, url, 0) == CURLUE_OK &&
           curl_url_get(parts->url, CURLUPART_HOST, &parts->host, 0) == CURLUE_OK &&
           curl_url_get(parts->url, CURLUPART_PORT, &parts->port, CURLU_DEFAULT_PORT) ==
               CURLUE_OK &&
           curl_url_set(parts->url, CURLUPART_HOST, peer_name, 0) == CURLUE_OK &&
           curl_url_get(parts->url, CURLUPART_URL, &parts->named, 0) == CURLUE_OK;
}

const char *curl_peer_name_url(struct arena *arena, const char *url, const char *peer_name,
                               struct curl_slist **ret_connect_to)
{
    struct parts parts = {.url = curl_url()};
    struct text named = {NULL, 0};
    if (take_apart(&parts, url, peer_name)) {
        struct text way =
            arena_format(arena, "%s:%s:%s:%s", peer_name, parts.port, parts.host, parts.port);
        *ret_connect_to = way.data != NULL ? curl_slist_append(NULL, way.data) : NULL;
        named = arena_copy(arena, text_of(parts.named));
    }
    curl_free(parts.host);
    curl_free(parts.port);
    curl_free(parts.named);
    curl_url_cleanup(parts.url);
    return *ret_connect_to != NULL ? named.data : NULL;
}
