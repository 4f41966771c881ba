/* How much of a fiber's stack the libraries take that are called on one: their most usual calls, on
 * a stack that was painted before. Prints the figures; none may need more than half a stack. */
#include <ares.h>
#include <ldns/ldns.h>
#include <lmdb.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { PAINT = 0xa5, NEAR_BYTES = 1024, ROWS = 2000, VALUE_BYTES = 64, PATH_BYTES = 64 };

/* The lowest address below `top` that is no longer painted, down to `painted` bytes. */
static __attribute__((noinline)) void paint(size_t bytes)
{
    volatile unsigned char *area = (unsigned char *)__builtin_frame_address(0) - NEAR_BYTES - bytes;
    for (size_t i = 0; i < bytes; i++) {
        area[i] = PAINT;
    }
}

static __attribute__((noinline)) size_t scan(size_t bytes)
{
    const volatile unsigned char *area =
        (unsigned char *)__builtin_frame_address(0) - NEAR_BYTES - bytes;
    size_t clean = 0;
    while (clean < bytes && area[clean] == PAINT) {
        clean++;
    }
    return bytes - clean + NEAR_BYTES;
}

static void execute(sqlite3 *database, const char *sql)
{
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void use_sqlite(const char *directory)
{
    char path[PATH_BYTES];
    sqlite3 *database;
    sqlite3_stmt *statement;
    (void)snprintf(path, sizeof(path), "%s/films.db", directory);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    execute(database, "CREATE TABLE films (id TEXT PRIMARY KEY, title TEXT, year INTEGER)");
    execute(database, "BEGIN");
    assert_int_equal(
        sqlite3_prepare_v2(database, "INSERT INTO films VALUES (?1, ?2, ?3)", -1, &statement, NULL),
        SQLITE_OK);
    for (int i = 0; i < ROWS; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), "tt%07d", i);
        assert_int_equal(sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC), SQLITE_OK);
        assert_int_equal(sqlite3_bind_text(statement, 2, id, -1, SQLITE_STATIC), SQLITE_OK);
        assert_int_equal(sqlite3_bind_int(statement, 3, i * 7919 % ROWS), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
        assert_int_equal(sqlite3_reset(statement), SQLITE_OK);
    }
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    execute(database, "COMMIT");
    assert_int_equal(sqlite3_prepare_v2(database,
                                        "SELECT id FROM films WHERE title LIKE '%1%' "
                                        "ORDER BY year, title DESC LIMIT 20",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        assert_non_null(sqlite3_column_text(statement, 0));
    }
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    (void)unlink(path);
}

static void use_lmdb(const char *directory)
{
    char path[PATH_BYTES];
    MDB_env *environment;
    MDB_txn *transaction;
    MDB_dbi table;
    (void)snprintf(path, sizeof(path), "%s/votes.mdb", directory);
    assert_int_equal(mdb_env_create(&environment), 0);
    assert_int_equal(mdb_env_set_mapsize(environment, 64 << 20), 0);
    assert_int_equal(mdb_env_open(environment, path, MDB_NOSUBDIR, 0600), 0);
    assert_int_equal(mdb_txn_begin(environment, NULL, 0, &transaction), 0);
    assert_int_equal(mdb_dbi_open(transaction, NULL, 0, &table), 0);
    for (int i = 0; i < ROWS; i++) {
        int key_number = i * 7919 % ROWS;
        char bytes[VALUE_BYTES] = {0};
        MDB_val key = {sizeof(key_number), &key_number};
        MDB_val value = {sizeof(bytes), bytes};
        assert_int_equal(mdb_put(transaction, table, &key, &value, 0), 0);
    }
    assert_int_equal(mdb_txn_commit(transaction), 0);
    assert_int_equal(mdb_txn_begin(environment, NULL, MDB_RDONLY, &transaction), 0);
    int wanted = ROWS / 2;
    MDB_val key = {sizeof(wanted), &wanted};
    MDB_val value;
    assert_int_equal(mdb_get(transaction, table, &key, &value), 0);
    mdb_txn_abort(transaction);
    mdb_env_close(environment);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/votes.mdb-lock", directory);
    (void)unlink(path);
}

static void use_digest(const char *directory)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length;
    assert_int_equal(EVP_Digest(directory, strlen(directory), digest, &length, EVP_sha256(), NULL),
                     1);
}

static void use_signature(const char *directory)
{
    unsigned char signature[256];
    size_t length = sizeof(signature);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_non_null(key);
    assert_non_null(context);
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &length, (const unsigned char *)directory,
                                    strlen(directory)),
                     1);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
}

/* Two sessions joined in memory, with certificates of both sides. */
struct session_pair {
    SSL_CTX *contexts[2];
    SSL *sessions[2];
    EVP_PKEY *key;
    X509 *certificate;
};

static void make_certificate(struct session_pair *pair)
{
    pair->key = EVP_RSA_gen(2048);
    pair->certificate = X509_new();
    assert_non_null(pair->key);
    assert_non_null(pair->certificate);
    X509_NAME *name = X509_get_subject_name(pair->certificate);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                (const unsigned char *)"localhost", -1, -1, 0),
                     1);
    assert_int_equal(X509_set_version(pair->certificate, 2), 1);
    assert_int_equal(X509_set_issuer_name(pair->certificate, name), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(pair->certificate), -60));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(pair->certificate), 3600));
    assert_int_equal(X509_set_pubkey(pair->certificate, pair->key), 1);
    assert_true(X509_sign(pair->certificate, pair->key, EVP_sha256()) > 0);
}

static void open_sessions(struct session_pair *pair, int version)
{
    BIO *wires[2];
    make_certificate(pair);
    assert_int_equal(BIO_new_bio_pair(&wires[0], 64 * 1024, &wires[1], 64 * 1024), 1);
    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *context = SSL_CTX_new(i == 0 ? TLS_server_method() : TLS_client_method());
        assert_non_null(context);
        assert_int_equal(SSL_CTX_set_max_proto_version(context, version), 1);
        assert_int_equal(SSL_CTX_use_certificate(context, pair->certificate), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(context, pair->key), 1);
        assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), pair->certificate),
                         1);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        pair->contexts[i] = context;
        pair->sessions[i] = SSL_new(context);
        assert_non_null(pair->sessions[i]);
        SSL_set_bio(pair->sessions[i], wires[i], wires[i]);
    }
    SSL_set_accept_state(pair->sessions[0]);
    SSL_set_connect_state(pair->sessions[1]);
}

static void close_sessions(struct session_pair *pair)
{
    for (size_t i = 0; i < 2; i++) {
        SSL_free(pair->sessions[i]);
        SSL_CTX_free(pair->contexts[i]);
    }
    X509_free(pair->certificate);
    EVP_PKEY_free(pair->key);
}

static void shake_hands(struct session_pair *pair)
{
    int done[2] = {0, 0};
    for (int turns = 0; turns < 10 && done[0] + done[1] < 2; turns++) {
        for (size_t i = 0; i < 2; i++) {
            done[i] = SSL_do_handshake(pair->sessions[i]) == 1;
        }
    }
    assert_int_equal(done[0] + done[1], 2);
}

static void move_records(struct session_pair *pair)
{
    static char bytes[16 * 1024];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(SSL_write(pair->sessions[i], bytes, sizeof(bytes)), sizeof(bytes));
        assert_int_equal(SSL_read(pair->sessions[1 - i], bytes, sizeof(bytes)), sizeof(bytes));
    }
    assert_true(SSL_shutdown(pair->sessions[0]) >= 0);
    assert_int_equal(SSL_read(pair->sessions[1], bytes, sizeof(bytes)), 0);
}

static void use_tls(int version)
{
    struct session_pair pair;
    open_sessions(&pair, version);
    shake_hands(&pair);
    move_records(&pair);
    close_sessions(&pair);
}

static void use_tls_1_3(const char *directory)
{
    (void)directory;
    use_tls(TLS1_3_VERSION);
}

static void use_tls_1_2(const char *directory)
{
    (void)directory;
    use_tls(TLS1_2_VERSION);
}

static void note_reply(void *state, int result, int timeouts, unsigned char *message, int length)
{
    (void)timeouts;
    (void)message;
    (void)length;
    *(int *)state = result;
}

/* What a fiber does itself: the sockets are read in callbacks of the loop. */
static void use_question(const char *directory)
{
    ares_channel channel;
    int result = ARES_SUCCESS;
    (void)directory;
    assert_int_equal(ares_init(&channel), ARES_SUCCESS);
    assert_int_equal(ares_set_servers_ports_csv(channel, "127.0.0.1:1"), ARES_SUCCESS);
    ares_query(channel, "_grpc._tcp.rating.marquee.svc.cluster.local", 1, 33, note_reply, &result);
    ares_destroy(channel);
    assert_int_not_equal(result, ARES_SUCCESS);
}

static void use_answer(const char *directory)
{
    ldns_pkt *packet = ldns_pkt_new();
    ldns_pkt *copy = NULL;
    ldns_rr *record = NULL;
    uint8_t *wire = NULL;
    size_t length;
    (void)directory;
    assert_int_equal(
        ldns_rr_new_frm_str(&record, "_grpc._tcp.a.test. 1 IN SRV 0 1 80 b.test.", 0, NULL, NULL),
        LDNS_STATUS_OK);
    assert_true(ldns_pkt_push_rr(packet, LDNS_SECTION_ANSWER, record));
    assert_int_equal(ldns_pkt2wire(&wire, packet, &length), LDNS_STATUS_OK);
    assert_int_equal(ldns_wire2pkt(&copy, wire, length), LDNS_STATUS_OK);
    char *target = ldns_rdf2str(ldns_rr_rdf(ldns_rr_list_rr(ldns_pkt_answer(copy), 0), 3));
    assert_string_equal(target, "b.test.");
    free(target);
    free(wire);
    ldns_pkt_free(packet);
    ldns_pkt_free(copy);
}

static const struct {
    const char *name;
    void (*use)(const char *directory);
} uses[] = {
    {"SQLite: create, insert, commit, sort", use_sqlite},
    {"LMDB: put, commit, get", use_lmdb},
    {"c-ares: open, ask, close", use_question},
    {"ldns: write and read a message", use_answer},
    {"OpenSSL: SHA-256", use_digest},
    {"OpenSSL: P-256 key and signature", use_signature},
    {"OpenSSL: TLS 1.3, RSA, mutual: handshake, write, read", use_tls_1_3},
    {"OpenSSL: TLS 1.2, RSA, mutual: handshake, write, read", use_tls_1_2},
};

struct measurement {
    size_t use;
    const char *directory;
    size_t bytes;
};

static void measure(void *argument)
{
    struct measurement *measurement = argument;
    enum { PAINTED_BYTES = FIBER_STACK_BYTES - 8 * 1024 };
    paint(PAINTED_BYTES);
    uses[measurement->use].use(measurement->directory);
    measurement->bytes = scan(PAINTED_BYTES);
}

static void no_library_needs_half_a_stack(void **state)
{
    (void)state;
    char directory[] = "/tmp/stack_use.XXXXXX";
    assert_non_null(mkdtemp(directory));
    for (size_t i = 0; i < ARRAY_LENGTH(uses); i++) {
        struct measurement measurement = {.use = i, .directory = directory};
        in_fiber(measure, &measurement);
        print_message("%6zu of %d bytes  %s\n", measurement.bytes, FIBER_STACK_BYTES, uses[i].name);
        assert_true(measurement.bytes > NEAR_BYTES);
        assert_true(measurement.bytes < FIBER_STACK_BYTES / 2);
    }
    assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_library_needs_half_a_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
