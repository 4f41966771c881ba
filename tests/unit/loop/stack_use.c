/* How much of a fiber's stack the libraries take that are called on one: their most usual calls, on
 * a stack that was painted before. Prints the figures; none may need more than half a stack. */
#include <lmdb.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
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

static const struct {
    const char *name;
    void (*use)(const char *directory);
} uses[] = {
    {"SQLite: create, insert, commit, sort", use_sqlite},
    {"LMDB: put, commit, get", use_lmdb},
    {"OpenSSL: SHA-256", use_digest},
    {"OpenSSL: P-256 key and signature", use_signature},
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
