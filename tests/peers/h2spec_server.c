/* h2spec_server ADDRESS [CERTIFICATE KEY]: an HTTP server that reads each request to its end and
 * answers with a few bytes, for h2spec. Prints where it listens. */
#include <stdio.h>

#include "http/http_server.h"
#include "peers/peer_server.h"
#include "peers/peer_tls.h"

enum { BODY_BYTES_MAX = 1024 * 1024 };

static void answer(void *state, struct http_exchange *exchange)
{
    struct text body;
    (void)state;
    enum status status = http_read_all(exchange, BODY_BYTES_MAX, &body);
    if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
        return;
    }
    http_reply(exchange, &(struct http_reply){.status = 200, .body = TEXT("answered\n")});
}

static void print_address(void *state, struct text address)
{
    (void)state;
    printf("%.*s\n", TEXT_ARGUMENTS(address));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: h2spec_server ADDRESS [CERTIFICATE KEY]\n");
        return 2;
    }
    struct tls_context *tls =
        argc == 4 ? peer_tls(&(struct tls_options){
                        .side = TLS_SERVER, .certificate_file = argv[2], .key_file = argv[3]})
                  : NULL;
    peer_server_run(&(struct peer_server_options){
        .address = text_of(argv[1]), .fallback = answer, .ready = print_address, .tls = tls});
    tls_context_destroy(tls);
    return 0;
}
