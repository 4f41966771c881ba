/* What a peer must not do, and may, by RFC 9113: each row is what it sends after its SETTINGS, and
 * how the session answers; every row is cut at every place. */
#include "support/cmocka_test.h"
#include "support/http2_transcript.h"

enum { FRAMES_MAX = 6, FAR = 2 * HTTP2_HISTORY_STREAMS };

struct given_frame {
    enum http2_frame_type type;
    unsigned flags;
    uint32_t stream_id;
    struct text payload; /* data is NULL behind the last */
};

struct rule {
    const char *name;
    struct given_frame frames[FRAMES_MAX];
    const char *want; /* RST_STREAM and GOAWAY that come */
};

#define END HTTP2_FLAG_END_STREAM
#define ALL HTTP2_FLAG_END_HEADERS
#define FRAME(type, flags, id, payload)                                                            \
    {                                                                                              \
        HTTP2_FRAME_##type, flags, id, TEXT_INIT(payload)                                          \
    }
#define HEADERS(id, flags, block) FRAME(HEADERS, ALL | (flags), id, block)
#define DATA(id, flags, payload) FRAME(DATA, flags, id, payload)
/* :scheme http, :path /, :authority a, behind the method. */
#define REST                                                                                       \
    "\x86\x84\x01\x01"                                                                             \
    "a"
#define GET(id) HEADERS(id, END, "\x82" REST)
#define POST(id) HEADERS(id, 0, "\x83" REST)
/* With a field more: literals with their lengths. */
#define GET_WITH(name, value) HEADERS(1, END, "\x82" REST "\0" name value)
#define POST_OF_5                                                                                  \
    HEADERS(1, 0,                                                                                  \
            "\x83" REST "\x0f\x0d\x01"                                                             \
            "5")
#define RESET(id) FRAME(RST_STREAM, 0, id, "\0\0\0\x08")
#define PRIORITY(id, on) FRAME(PRIORITY, 0, id, on "\x10")
#define WINDOW(id, step) FRAME(WINDOW_UPDATE, 0, id, step)
#define SETTING(pair) FRAME(SETTINGS, 0, 0, pair)

static const struct rule server_rules[] = {
    /* Section 4.2: sizes. */
    {"PING too short", {FRAME(PING, 0, 0, "1234567")}, "GOAWAY 0 6"},
    {"PING too long", {FRAME(PING, 0, 0, "123456789")}, "GOAWAY 0 6"},
    {"RST_STREAM too short", {GET(1), FRAME(RST_STREAM, 0, 1, "\0\0\0")}, "GOAWAY 1 6"},
    {"RST_STREAM too long", {GET(1), FRAME(RST_STREAM, 0, 1, "\0\0\0\0\0")}, "GOAWAY 1 6"},
    {"PRIORITY too short", {FRAME(PRIORITY, 0, 1, "\0\0\0\0")}, "GOAWAY 0 6"},
    {"WINDOW_UPDATE too short", {WINDOW(0, "\0\0\1")}, "GOAWAY 0 6"},
    {"WINDOW_UPDATE too long", {WINDOW(0, "\0\0\1\0\0")}, "GOAWAY 0 6"},
    {"SETTINGS of five bytes", {SETTING("\0\4\0\0\0")}, "GOAWAY 0 6"},
    {"SETTINGS answered with a payload", {FRAME(SETTINGS, 1, 0, "\0\4\0\0\0\1")}, "GOAWAY 0 6"},
    {"GOAWAY too short", {FRAME(GOAWAY, 0, 0, "\0\0\0\0\0\0\0")}, "GOAWAY 0 6"},
    {"HEADERS too short for its priority",
     {FRAME(HEADERS, ALL | END | HTTP2_FLAG_PRIORITY, 1, "\0\0\0\0")},
     "GOAWAY 0 6"},
    {"HEADERS too short for its padding",
     {FRAME(HEADERS, ALL | END | HTTP2_FLAG_PADDED, 1, "")},
     "GOAWAY 0 6"},

    /* Streams that frames must and must not have. */
    {"DATA of the connection", {DATA(0, 0, "a")}, "GOAWAY 0 1"},
    {"HEADERS of the connection", {GET(0)}, "GOAWAY 0 1"},
    {"PRIORITY of the connection", {PRIORITY(0, "\0\0\0\1")}, "GOAWAY 0 1"},
    {"RST_STREAM of the connection", {RESET(0)}, "GOAWAY 0 1"},
    {"CONTINUATION of the connection", {FRAME(CONTINUATION, ALL, 0, "")}, "GOAWAY 0 1"},
    {"SETTINGS of a stream", {FRAME(SETTINGS, 0, 1, "")}, "GOAWAY 0 1"},
    {"PING of a stream", {FRAME(PING, 0, 1, "12345678")}, "GOAWAY 0 1"},
    {"GOAWAY of a stream", {FRAME(GOAWAY, 0, 1, "\0\0\0\0\0\0\0\0")}, "GOAWAY 0 1"},
    {"PUSH_PROMISE", {GET(1), FRAME(PUSH_PROMISE, ALL, 1, "\0\0\0\2\x82" REST)}, "GOAWAY 1 1"},

    /* Section 5.1: states. */
    {"requests in order", {GET(1), POST(3), DATA(3, END, "a"), GET(5)}, ""},
    {"streams passed over", {POST(5), GET(11), DATA(5, END, "a")}, ""},
    {"an even stream", {GET(2)}, "GOAWAY 0 1"},
    {"a smaller stream", {GET(5), GET(3)}, "GOAWAY 5 1"},
    {"a smaller stream than the first", {GET(3), POST(1)}, "GOAWAY 3 1"},
    {"DATA of an idle stream", {DATA(1, 0, "a")}, "GOAWAY 0 1"},
    {"DATA of an even stream", {GET(5), DATA(2, END, "a")}, "GOAWAY 5 1"},
    {"RST_STREAM of an idle stream", {RESET(1)}, "GOAWAY 0 1"},
    {"WINDOW_UPDATE of an idle stream", {WINDOW(1, "\0\0\1\0")}, "GOAWAY 0 1"},
    {"DATA of a stream passed over", {GET(5), DATA(3, 0, "a")}, "GOAWAY 5 5"},
    {"DATA after END_STREAM", {GET(1), DATA(1, 0, "a")}, "GOAWAY 1 5"},
    {"DATA after DATA's END_STREAM", {POST(1), DATA(1, END, "a"), DATA(1, 0, "a")}, "GOAWAY 1 5"},
    {"HEADERS after END_STREAM", {GET(1), GET(1)}, "GOAWAY 1 5"},
    {"DATA after RST_STREAM", {POST(1), RESET(1), DATA(1, 0, "a")}, "GOAWAY 1 5"},
    {"HEADERS after RST_STREAM", {POST(1), RESET(1), GET(1)}, "GOAWAY 1 5"},
    {"RST_STREAM twice", {GET(1), RESET(1), RESET(1)}, ""},
    {"WINDOW_UPDATE after RST_STREAM", {GET(1), RESET(1), WINDOW(1, "\0\0\1\0")}, ""},
    {"what is forgotten", {GET(1), RESET(1), GET(3 + FAR), DATA(1, 0, "a")}, ""},
    {"a place taken again", {GET(1), POST(1 + FAR), DATA(1 + FAR, END, "a")}, ""},
    {"a place passed over", {POST(3), POST(5 + FAR), DATA(3 + FAR, 0, "a")}, "GOAWAY 1029 5"},
    {"the last stream there is", {GET(HTTP2_STREAM_ID_MAX), GET(1)}, ""},
    {"frames of a stream that was reset",
     {POST_OF_5, DATA(1, 0, "123456"), DATA(1, 0, "7"), HEADERS(1, END, "\x82"), GET(3)},
     "RST_STREAM 1 1"},

    {"frames of one that was reset, in a place taken again",
     {GET(1),
      HEADERS(1 + FAR, 0,
              "\x83" REST "\x0f\x0d\x01"
              "5"),
      DATA(1 + FAR, 0, "123456"), DATA(1 + FAR, 0, "7")},
     "RST_STREAM 1025 1"},

    /* Section 5.3: priorities mean nothing, but a stream may not depend on itself. */
    {"PRIORITY", {PRIORITY(3, "\0\0\0\1"), GET(1), PRIORITY(1, "\0\0\0\3")}, ""},
    {"PRIORITY upon itself", {PRIORITY(3, "\0\0\0\3")}, "GOAWAY 0 1"},
    {"PRIORITY upon itself, exclusively", {PRIORITY(3, "\x80\0\0\3")}, "GOAWAY 0 1"},
    {"HEADERS with a priority",
     {FRAME(HEADERS, ALL | END | HTTP2_FLAG_PRIORITY, 1, "\0\0\0\0\x10\x82" REST)},
     ""},
    {"HEADERS upon itself",
     {FRAME(HEADERS, ALL | END | HTTP2_FLAG_PRIORITY, 1, "\0\0\0\1\x10\x82" REST)},
     "GOAWAY 0 1"},

    /* Section 6.1, 6.2: padding. */
    {"padded DATA", {POST(1), FRAME(DATA, END | HTTP2_FLAG_PADDED, 1, "\3abc000")}, ""},
    {"DATA of padding alone",
     {POST(1), FRAME(DATA, HTTP2_FLAG_PADDED, 1,
                     "\3"
                     "000")},
     ""},
    {"DATA of less than its padding",
     {POST(1), FRAME(DATA, HTTP2_FLAG_PADDED, 1,
                     "\4"
                     "000")},
     "GOAWAY 1 1"},
    {"DATA without its padding's length",
     {POST(1), FRAME(DATA, HTTP2_FLAG_PADDED, 1, "")},
     "GOAWAY 1 1"},
    {"padded HEADERS",
     {FRAME(HEADERS, ALL | END | HTTP2_FLAG_PADDED, 1, "\2\x82" REST "\0\0")},
     ""},
    {"HEADERS of less than its padding",
     {FRAME(HEADERS, ALL | END | HTTP2_FLAG_PADDED, 1, "\x08\x82" REST)},
     "GOAWAY 0 1"},

    /* Sections 4.3, 6.10: header blocks. */
    {"a block in parts",
     {FRAME(HEADERS, END, 1, "\x82\x86"), FRAME(CONTINUATION, 0, 1, "\x84"),
      FRAME(CONTINUATION, ALL, 1,
            "\x01\x01"
            "a")},
     ""},
    {"a block cut within a field",
     {FRAME(HEADERS, END, 1, "\x82\x86\x84\x01"), FRAME(CONTINUATION, ALL, 1,
                                                        "\x01"
                                                        "a")},
     ""},
    {"CONTINUATION of no block", {GET(1), FRAME(CONTINUATION, ALL, 1, "")}, "GOAWAY 1 1"},
    {"CONTINUATION of another stream",
     {FRAME(HEADERS, END, 1, "\x82"), FRAME(CONTINUATION, ALL, 3, "\x86")},
     "GOAWAY 0 1"},
    {"DATA within a block", {FRAME(HEADERS, 0, 1, "\x82"), DATA(1, 0, "a")}, "GOAWAY 0 1"},
    {"PING within a block",
     {FRAME(HEADERS, 0, 1, "\x82"), FRAME(PING, 0, 0, "12345678")},
     "GOAWAY 0 1"},
    {"HEADERS within a block", {FRAME(HEADERS, END, 1, "\x82"), GET(3)}, "GOAWAY 0 1"},
    {"an unknown frame within a block",
     {FRAME(HEADERS, END, 1, "\x82"), {(enum http2_frame_type)0xbe, 0, 1, TEXT_INIT("a")}},
     "GOAWAY 0 1"},
    {"an index that is unknown", {HEADERS(1, END, "\xff\x10")}, "GOAWAY 1 9"},
    {"a literal cut short",
     {HEADERS(1, END,
              "\x82\x86\x84\x01\x02"
              "a")},
     "GOAWAY 1 9"},
    {"a table larger than was said", {HEADERS(1, END, "\x3f\xe2\x1f\x82" REST)}, "GOAWAY 1 9"},
    {"a broken block of trailers", {POST(1), HEADERS(1, END, "\xff\x10")}, "GOAWAY 1 9"},

    /* Section 6.5: settings. */
    {"ENABLE_PUSH of 1", {SETTING("\0\2\0\0\0\1")}, ""},
    {"ENABLE_PUSH of 2", {SETTING("\0\2\0\0\0\2")}, "GOAWAY 0 1"},
    {"INITIAL_WINDOW_SIZE at its most", {SETTING("\0\4\x7f\xff\xff\xff")}, ""},
    {"INITIAL_WINDOW_SIZE beyond", {SETTING("\0\4\x80\0\0\0")}, "GOAWAY 0 3"},
    {"MAX_FRAME_SIZE at its least", {SETTING("\0\5\0\0\x40\0")}, ""},
    {"MAX_FRAME_SIZE at its most", {SETTING("\0\5\0\xff\xff\xff")}, ""},
    {"MAX_FRAME_SIZE below", {SETTING("\0\5\0\0\x3f\xff")}, "GOAWAY 0 1"},
    {"MAX_FRAME_SIZE beyond", {SETTING("\0\5\1\0\0\0")}, "GOAWAY 0 1"},
    {"ENABLE_CONNECT_PROTOCOL of 2", {SETTING("\0\x08\0\0\0\2")}, "GOAWAY 0 1"},
    {"NO_RFC7540_PRIORITIES of 2", {SETTING("\0\x09\0\0\0\2")}, "GOAWAY 0 1"},
    {"a setting that is unknown", {SETTING("\xff\xff\xff\xff\xff\xff")}, ""},
    {"an answer to our SETTINGS", {FRAME(SETTINGS, 1, 0, "")}, ""},
    {"two answers to our SETTINGS",
     {FRAME(SETTINGS, 1, 0, ""), FRAME(SETTINGS, 1, 0, "")},
     "GOAWAY 0 1"},

    /* Section 6.9: windows. */
    {"the connection's window opened by nothing", {WINDOW(0, "\0\0\0\0")}, "GOAWAY 0 1"},
    {"a stream's window opened by nothing", {GET(1), WINDOW(1, "\0\0\0\0")}, "RST_STREAM 1 1"},
    {"the connection's window too large", {WINDOW(0, "\x7f\xff\xff\xff")}, "GOAWAY 0 3"},
    {"a stream's window too large", {GET(1), WINDOW(1, "\x7f\xff\xff\xff")}, "RST_STREAM 1 3"},
    {"a window at its most", {GET(1), WINDOW(1, "\x7f\xff\0\0"), WINDOW(0, "\x7f\xff\0\0")}, ""},
    {"a window too large by SETTINGS",
     {GET(1), WINDOW(1, "\x7f\xff\0\0"), SETTING("\0\4\0\1\0\0")},
     "GOAWAY 1 3"},
    {"the reserved bit of a window", {GET(1), WINDOW(1, "\x80\0\1\0")}, ""},

    /* Section 5.5: what is unknown is ignored. */
    {"an unknown frame", {{(enum http2_frame_type)0xbe, 0xff, 0, TEXT_INIT("abc")}, GET(1)}, ""},
    {"unknown flags", {HEADERS(1, END | 0xc2, "\x82" REST)}, ""},

    /* Section 8.1: messages. */
    {"trailers", {POST(1), DATA(1, 0, "a"), HEADERS(1, END, "\0\1x\1y")}, ""},
    {"trailers without an end", {POST(1), HEADERS(1, 0, "\0\1x\1y")}, "RST_STREAM 1 1"},
    {"a pseudo-header field in trailers", {POST(1), HEADERS(1, END, "\x84")}, "RST_STREAM 1 1"},
    {"a connection's field in trailers",
     {POST(1), HEADERS(1, END,
                       "\0\x0a"
                       "connection\1a")},
     "RST_STREAM 1 1"},
    {"as much as content-length says", {POST_OF_5, DATA(1, 0, "123"), DATA(1, END, "45")}, ""},
    {"more than content-length says", {POST_OF_5, DATA(1, 0, "123456")}, "RST_STREAM 1 1"},
    {"less than content-length says", {POST_OF_5, DATA(1, END, "1234")}, "RST_STREAM 1 1"},
    {"nothing where content-length says something",
     {HEADERS(1, END,
              "\x83" REST "\x0f\x0d\1"
              "5")},
     "RST_STREAM 1 1"},
    {"trailers before content-length is reached",
     {POST_OF_5, DATA(1, 0, "1234"), HEADERS(1, END, "\0\1x\1y")},
     "RST_STREAM 1 1"},
    {"padding is not of the content",
     {POST_OF_5, FRAME(DATA, END | 8, 1,
                       "\2"
                       "1234500")},
     ""},
    {"content-length of letters", {HEADERS(1, END, "\x83" REST "\x0f\x0d\1a")}, "RST_STREAM 1 1"},
    {"content-length below nothing", {HEADERS(1, 0, "\x83" REST "\x0f\x0d\2-1")}, "RST_STREAM 1 1"},
    {"content-length twice",
     {HEADERS(1, 0,
              "\x83" REST "\x0f\x0d\1"
              "5\x0f\x0d\1"
              "5")},
     "RST_STREAM 1 1"},

    /* Section 8.2: fields. */
    {"a field", {GET_WITH("\1x", "\1y")}, ""},
    {"upper case", {GET_WITH("\1X", "\1y")}, "RST_STREAM 1 1"},
    {"an empty name", {GET_WITH("\0", "\1y")}, "RST_STREAM 1 1"},
    {"a space in a name", {GET_WITH("\3x y", "\1y")}, "RST_STREAM 1 1"},
    {"a colon in a name", {GET_WITH("\3x:y", "\1y")}, "RST_STREAM 1 1"},
    {"a control character in a value", {GET_WITH("\1x", "\3a\1b")}, "RST_STREAM 1 1"},
    {"a line's end in a value", {GET_WITH("\1x", "\3a\nb")}, "RST_STREAM 1 1"},
    {"NUL in a value", {GET_WITH("\1x", "\3a\0b")}, "RST_STREAM 1 1"},
    {"spaces around a value", {GET_WITH("\1x", "\3 a ")}, ""},
    {"connection",
     {GET_WITH("\x0a"
               "connection",
               "\5close")},
     "RST_STREAM 1 1"},
    {"keep-alive",
     {GET_WITH("\x0akeep-alive", "\1"
                                 "1")},
     "RST_STREAM 1 1"},
    {"proxy-connection",
     {GET_WITH("\x10proxy-connection", "\1"
                                       "1")},
     "RST_STREAM 1 1"},
    {"transfer-encoding",
     {GET_WITH("\x11transfer-encoding", "\7"
                                        "chunked")},
     "RST_STREAM 1 1"},
    {"upgrade", {GET_WITH("\7upgrade", "\3h2c")}, "RST_STREAM 1 1"},
    {"te", {GET_WITH("\2te", "\4gzip")}, "RST_STREAM 1 1"},
    {"te: trailers", {GET_WITH("\2te", "\x08trailers")}, ""},

    /* Section 8.3: pseudo-header fields. */
    {"no method", {HEADERS(1, END, REST)}, "RST_STREAM 1 1"},
    {"no scheme",
     {HEADERS(1, END,
              "\x82\x84\1\1"
              "a")},
     "RST_STREAM 1 1"},
    {"no path",
     {HEADERS(1, END,
              "\x82\x86\1\1"
              "a")},
     "RST_STREAM 1 1"},
    {"no authority", {HEADERS(1, END, "\x82\x86\x84")}, "RST_STREAM 1 1"},
    {"host in place of the authority", {HEADERS(1, END, "\x82\x86\x84\x0f\x17\1a")}, ""},
    {"host twice", {HEADERS(1, END, "\x82\x86\x84\x0f\x17\1a\x0f\x17\1a")}, "RST_STREAM 1 1"},
    {"the method twice", {HEADERS(1, END, "\x82\x82" REST)}, "RST_STREAM 1 1"},
    {"the path twice", {HEADERS(1, END, "\x82\x84" REST)}, "RST_STREAM 1 1"},
    {"a status in a request", {HEADERS(1, END, "\x82\x88" REST)}, "RST_STREAM 1 1"},
    {"an unknown pseudo-header field", {GET_WITH("\2:x", "\1y")}, "RST_STREAM 1 1"},
    {"one that was not offered",
     {HEADERS(1, END, "\x82\0\x09:protocol\1a" REST)},
     "RST_STREAM 1 1"},
    {"one behind another field", {HEADERS(1, END, "\x82\0\1x\1y" REST)}, "RST_STREAM 1 1"},
    {"an empty path",
     {HEADERS(1, END,
              "\x82\x86\4\0\1\1"
              "a")},
     "RST_STREAM 1 1"},
    {"a path without a slash",
     {HEADERS(1, END,
              "\x82\x86\4\1x\1\1"
              "a")},
     "RST_STREAM 1 1"},
    {"a space in a path",
     {HEADERS(1, END,
              "\x82\x86\4\3/ x\1\1"
              "a")},
     "RST_STREAM 1 1"},
    {"GET *",
     {HEADERS(1, END,
              "\x82\x86\4\1*\1\1"
              "a")},
     "RST_STREAM 1 1"},
    {"OPTIONS *",
     {HEADERS(1, END,
              "\2\7OPTIONS\x86\4\1*\1\1"
              "a")},
     ""},
    {"a method that is no token", {HEADERS(1, END, "\2\3G T" REST)}, "RST_STREAM 1 1"},
    {"a scheme that is none",
     {HEADERS(1, END,
              "\x82\6\2"
              "1a\x84\1\1"
              "a")},
     "RST_STREAM 1 1"},
    {"a user in the authority", {HEADERS(1, END, "\x82\x86\x84\1\3u@a")}, "RST_STREAM 1 1"},
    {"an empty authority", {HEADERS(1, END, "\x82\x86\x84\1\0")}, "RST_STREAM 1 1"},
    {"CONNECT",
     {HEADERS(1, 0,
              "\2\7"
              "CONNECT\1\1"
              "a")},
     ""},
    {"CONNECT with a path",
     {HEADERS(1, 0,
              "\2\7"
              "CONNECT" REST)},
     "RST_STREAM 1 1"},
    {"CONNECT without an authority",
     {HEADERS(1, 0,
              "\2\7"
              "CONNECT")},
     "RST_STREAM 1 1"},
};

/* As a server's, to a client that has asked GET (stream 1) and POST (stream 3, which goes on). */
#define OK_HEADERS(id, flags) HEADERS(id, flags, "\x88")

static const struct rule client_rules[] = {
    {"a reply", {OK_HEADERS(1, 0), DATA(1, END, "a")}, ""},
    {"a reply of headers alone", {OK_HEADERS(1, END)}, ""},
    {"trailers", {OK_HEADERS(1, 0), HEADERS(1, END, "\0\1x\1y")}, ""},
    {"informational",
     {HEADERS(1, 0,
              "\x08\3"
              "100"),
      OK_HEADERS(1, END)},
     ""},
    {"informational twice",
     {HEADERS(1, 0,
              "\x08\3"
              "103"),
      HEADERS(1, 0,
              "\x08\3"
              "100"),
      OK_HEADERS(1, END)},
     ""},
    {"informational at the end",
     {HEADERS(1, END,
              "\x08\3"
              "100")},
     "RST_STREAM 1 1"},
    {"a body behind informational headers",
     {HEADERS(1, 0,
              "\x08\3"
              "100"),
      DATA(1, END, "a")},
     "RST_STREAM 1 1"},
    {"a body without headers", {DATA(1, END, "a")}, "RST_STREAM 1 1"},
    {"no status", {HEADERS(1, END, "\0\1x\1y")}, "RST_STREAM 1 1"},
    {"the status twice", {HEADERS(1, END, "\x88\x88")}, "RST_STREAM 1 1"},
    {"a status of two digits",
     {HEADERS(1, END,
              "\x08\2"
              "20")},
     "RST_STREAM 1 1"},
    {"a status of letters",
     {HEADERS(1, END,
              "\x08\3"
              "2xx")},
     "RST_STREAM 1 1"},
    {"switching protocols",
     {HEADERS(1, 0,
              "\x08\3"
              "101")},
     "RST_STREAM 1 1"},
    {"a request in place of a reply", {HEADERS(1, END, "\x82" REST)}, "RST_STREAM 1 1"},
    {"transfer-encoding",
     {HEADERS(1, END,
              "\x88\0\x11transfer-encoding\7"
              "chunked")},
     "RST_STREAM 1 1"},
    {"less than content-length says",
     {HEADERS(1, 0,
              "\x88\x0f\x0d\1"
              "5"),
      DATA(1, END, "abc")},
     "RST_STREAM 1 1"},
    {"204 with a body", {HEADERS(1, 0, "\x89"), DATA(1, END, "abc")}, "RST_STREAM 1 1"},
    {"304 with content-length",
     {HEADERS(1, END,
              "\x8b\x0f\x0d\1"
              "5")},
     ""},
    {"a reply before the request is whole", {OK_HEADERS(3, END)}, ""},
    {"DATA after the reply", {OK_HEADERS(1, END), DATA(1, 0, "a")}, "GOAWAY 0 5"},
    {"HEADERS after the reply", {OK_HEADERS(3, END), OK_HEADERS(3, END)}, "GOAWAY 0 5"},
    {"a stream that was not opened", {OK_HEADERS(7, END)}, "GOAWAY 0 1"},
    {"DATA of one that was not opened", {DATA(7, 0, "a")}, "GOAWAY 0 1"},
    {"a stream of the server's", {OK_HEADERS(2, END)}, "GOAWAY 0 1"},
    {"a push", {FRAME(PUSH_PROMISE, ALL, 1, "\0\0\0\2\x82" REST)}, "GOAWAY 0 1"},
    {"a server that wants pushes", {SETTING("\0\2\0\0\0\1")}, "GOAWAY 0 1"},
    {"two GOAWAYs",
     {FRAME(GOAWAY, 0, 0, "\x7f\xff\xff\xff\0\0\0\0"), FRAME(GOAWAY, 0, 0, "\0\0\0\3\0\0\0\0")},
     ""},
    {"a GOAWAY that takes back",
     {FRAME(GOAWAY, 0, 0, "\0\0\0\1\0\0\0\0"), FRAME(GOAWAY, 0, 0, "\0\0\0\3\0\0\0\0")},
     "GOAWAY 0 1"},
    {"many PINGs", {FRAME(PING, 0, 0, "12345678"), FRAME(PING, 0, 0, "12345678")}, ""},
};

static void append_frame(struct buffer *bytes, const struct given_frame *frame)
{
    uint8_t head[HTTP2_FRAME_HEAD_BYTES];
    http2_put_head(head, (uint32_t)frame->payload.length, frame->type, frame->flags,
                   frame->stream_id);
    assert_true(buffer_append(bytes, text_of_bytes(head, sizeof(head))));
    assert_true(buffer_append(bytes, frame->payload));
}

/* RST_STREAM and GOAWAY among the frames of the output. */
static void keep_refusals(struct http2_transcript *transcript, struct buffer *words)
{
    struct text frames = buffer_text(&transcript->output);
    if (transcript->session.options.is_client) {
        frames = text_slice(frames, HTTP2_PREFACE_BYTES, frames.length);
    }
    struct buffer all;
    buffer_init(&all, 64 * 1024);
    http2_transcript_name_frames(frames, &all);
    struct text rest = buffer_text(&all);
    buffer_clear(words);
    while (rest.data != NULL) {
        struct text line = text_next(&rest, '\n');
        if (text_starts_with(line, TEXT("RST_STREAM")) || text_starts_with(line, TEXT("GOAWAY"))) {
            assert_true(words->length == 0 || buffer_append_byte(words, '\n'));
            assert_true(buffer_append(words, line));
        }
    }
    buffer_deinit(&all);
}

static void open_transcript(struct http2_transcript *transcript, bool is_client)
{
    http2_transcript_init(transcript, is_client);
    if (is_client) {
        assert_non_null(http2_transcript_ask(transcript, "/", (struct text){NULL, 0}));
        struct http2_transcript_stream *open =
            http2_transcript_ask(transcript, "/", (struct text){NULL, 0});
        assert_non_null(open);
        open->is_open_ended = true;
    }
    http2_transcript_fill(transcript);
}

/* Says the bytes in two pieces. What is told must be what `events` has, or is left there; unless
 * the session sends in between (events is NULL), for a stream that was reset is closed then. */
static void check_cut(const struct rule *row, bool is_client, struct text bytes, size_t cut,
                      struct buffer *events)
{
    struct http2_transcript transcript;
    struct buffer refusals;
    buffer_init(&refusals, 4096);
    open_transcript(&transcript, is_client);
    http2_session_receive(&transcript.session, text_slice(bytes, 0, cut), 0);
    if (events == NULL) {
        http2_transcript_fill(&transcript);
    }
    http2_transcript_receive(&transcript, text_slice(bytes, cut, bytes.length));
    keep_refusals(&transcript, &refusals);
    if (!text_equal(buffer_text(&refusals), text_of(row->want))) {
        fail_msg("%s, cut at %zu of %zu: %.*s", row->name, cut, bytes.length,
                 TEXT_ARGUMENTS(buffer_text(&refusals)));
    }
    if (events != NULL && events->length == 0) {
        assert_true(buffer_append(events, buffer_text(&transcript.events)));
    } else if (events != NULL &&
               !text_equal(buffer_text(events), buffer_text(&transcript.events))) {
        fail_msg("%s, cut at %zu of %zu:\n%.*s\nwhole:\n%.*s", row->name, cut, bytes.length,
                 TEXT_ARGUMENTS(buffer_text(&transcript.events)),
                 TEXT_ARGUMENTS(buffer_text(events)));
    }
    buffer_deinit(&refusals);
    http2_transcript_deinit(&transcript);
}

static void check_rule(const struct rule *row, bool is_client)
{
    static const struct given_frame settings = FRAME(SETTINGS, 0, 0, "");
    struct buffer bytes;
    struct buffer events;
    buffer_init(&bytes, 64 * 1024);
    buffer_init(&events, 64 * 1024);
    if (!is_client) {
        assert_true(buffer_append(&bytes, TEXT(HTTP2_PREFACE)));
    }
    append_frame(&bytes, &settings);
    for (size_t i = 0; i < FRAMES_MAX && row->frames[i].payload.data != NULL; i++) {
        append_frame(&bytes, &row->frames[i]);
    }
    for (size_t cut = 0; cut < bytes.length; cut++) {
        check_cut(row, is_client, buffer_text(&bytes), cut, &events);
        check_cut(row, is_client, buffer_text(&bytes), cut, NULL);
    }
    buffer_deinit(&bytes);
    buffer_deinit(&events);
}

static void test_server_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(server_rules); i++) {
        check_rule(&server_rules[i], false);
    }
}

static void test_client_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(client_rules); i++) {
        check_rule(&client_rules[i], true);
    }
}

struct opening {
    const char *name;
    struct text bytes;
    const char *want;
};

/* Section 3.4, and frames that are too long for a row. */
static const struct opening openings[] = {
    {"preface and SETTINGS", TEXT_INIT(HTTP2_PREFACE "\0\0\0\4\0\0\0\0\0"), ""},
    {"another preface", TEXT_INIT("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"), "GOAWAY 0 1"},
    {"no preface", TEXT_INIT("\0\0\0\4\0\0\0\0\0"), "GOAWAY 0 1"},
    {"PING first",
     TEXT_INIT(HTTP2_PREFACE "\0\0\x08\6\0\0\0\0\0"
                             "12345678"),
     "GOAWAY 0 1"},
    {"an answer first", TEXT_INIT(HTTP2_PREFACE "\0\0\0\4\1\0\0\0\0"), "GOAWAY 0 1"},
    {"a frame that is too long", TEXT_INIT(HTTP2_PREFACE "\0\0\0\4\0\0\0\0\0\0\x40\1\0\0\0\0\0\1"),
     "GOAWAY 0 6"},
};

static void test_openings(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(openings); i++) {
        const struct rule row = {.name = openings[i].name, .want = openings[i].want};
        struct buffer events;
        buffer_init(&events, 4096);
        for (size_t cut = 0; cut < openings[i].bytes.length; cut++) {
            check_cut(&row, false, openings[i].bytes, cut, &events);
        }
        buffer_deinit(&events);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_rules),
        cmocka_unit_test(test_client_rules),
        cmocka_unit_test(test_openings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
