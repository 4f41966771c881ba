#!/usr/bin/env python3
"""Writes the seeds of the targets that read bytes rather than text into corpus/, next to this file."""
import gzip
import io
import pathlib
import zipfile

CORPUS = pathlib.Path(__file__).parent / "corpus"
DATA, HEADERS, PRIORITY, RESET, SETTINGS, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
REQUEST = 0xF0  # and the number of the route: echo, large, stream, refuse
END = 1


def row(kind, flags, stream, payload=b""):
    """A frame as http2_fuzz takes it."""
    return bytes([kind, flags, stream, len(payload)]) + payload


def number(value):
    return value.to_bytes(4, "big")


BEGIN = row(SETTINGS, 0, 0)
HTTP2 = {
    "echo": row(REQUEST, 0, 1) + row(DATA, END, 1, b"hello"),
    "large": row(WINDOW, 0, 0, number(1 << 20)) + row(REQUEST + 1, END, 1) + row(WINDOW, 0, 1, number(1 << 20)),
    "stream": row(REQUEST + 2, 0, 1) + row(DATA, 0, 1, b"a") + row(DATA, 0, 1, b"b") + row(DATA, END, 1),
    "refuse": row(REQUEST + 3, 0, 1) + row(REQUEST + 3, END, 3),
    "reset": row(REQUEST + 2, 0, 1) + row(RESET, 0, 1, number(8)) + row(DATA, 0, 1, b"late"),
    "resets": b"".join(row(REQUEST + 1, END, 2 * i + 1) + row(RESET, 0, 2 * i + 1, number(8)) for i in range(20)),
    "window_overflow": row(REQUEST, 0, 1) + row(WINDOW, 0, 1, number(0x7FFFFFFF)),
    "small_window": row(SETTINGS, 0, 0, b"\0\4\0\0\0\1") + row(REQUEST + 1, END, 1) + 5 * row(WINDOW, 0, 1, number(1)),
    "ping": row(PING, 0, 0, b"12345678") + row(PING, 1, 0, b"12345678"),
    "priority": row(PRIORITY, 0, 3, number(1) + b"\7") + row(0x10, 0, 0, number(1) + b"u=1"),
    "block_in_parts": row(HEADERS, END, 1, b"\x83\x86") + row(CONTINUATION, 4, 1, b"\x01\x01a\x04\x02/e"),
    "trailers": row(REQUEST, 0, 1) + row(DATA, 0, 1, b"a") + row(HEADERS, END | 4, 1, b"\0\1x\1y"),
    "table": row(REQUEST, END, 1) + row(HEADERS, END | 4, 3, b"\x83\x86\x41\1a\x84\x40\1x\1y") +
             row(HEADERS, END | 4, 5, b"\x83\x86\xbf\x84\xbe\x3f\xe1\x1f"),
    "goaway": row(REQUEST, 0, 1) + row(GOAWAY, 0, 0, number(0) + number(0)),
    "padded": row(REQUEST, 0, 1) + row(DATA, END | 8, 1, b"\3abc\0\0\0"),
    "unknown": row(0x77, 0, 0, b"?") + row(REQUEST, END, 1),
}
SNIFF = {
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "half_preface": b"PRI * HT",
    "other_preface": b"PRI * HTTP/3.0\r\n\r\n",
    "http1": b"GET / HTTP/1.1\r\nhost: a\r\n\r\n",
    "post": b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nab",
    "pri_method": b"PRI / HTTP/1.1\r\nhost: a\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "nothing": b"",
}
GRPC_TEXT = {
    "message": b"not%20found: 100%25 \xc3\xbc",
    "broken_escape": b"%",
    "half_escape": b"a%4",
    "no_escape": b"%zz%",
    "padded": b"aGVsbG8=",
    "unpadded": b"aGVsbG8",
    "url_safe": b"-_-_",
    "two_values": b"aGk,aGk",
    "seconds": b"10S",
    "most_hours": b"99999999H",
    "too_long": b"123456789m",
    "no_unit": b"12",
}


def block(indexing, hexadecimal):
    """A header block as hpack_nghttp2_fuzz takes it."""
    payload = bytes.fromhex(hexadecimal)
    return (indexing << 14 | len(payload)).to_bytes(2, "big") + payload


INDEXED, NAME_INDEXED, NOT_INDEXED, NEVER_INDEXED = range(4)
HPACK = {
    # RFC 7541 appendix C
    "requests": block(INDEXED, "828684410f7777772e6578616d706c652e636f6d") + block(INDEXED, "828684be58086e6f2d6361636865") +
                block(INDEXED, "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"),
    "requests_in_huffman": block(INDEXED, "828684418cf1e3c2e5f23a6ba0ab90f4ff") + block(NAME_INDEXED, "828684be5886a8eb10649cbf") +
                           block(INDEXED, "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"),
    "responses": block(INDEXED, "3fe1014882640258" "85aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29"
                                "ad171863c78f0b97c8e9ae82ae43d3") + block(INDEXED, "4883640effc1c0bf"),
    "secret": block(NEVER_INDEXED, "100870617373776f726406736563726574"),
    "literal": block(NOT_INDEXED, "040c2f73616d706c652f70617468"),
    "sizes": block(INDEXED, "203fe11f82") + block(INDEXED, "3f4582"),
    "eviction": block(INDEXED, "3f094006637573746f6d0131") + block(INDEXED, "7e023232be"),
    "long_codes": block(INDEXED, "4001619a" + "fffffff3" * 6 + "07ff"),
    "integer": block(INDEXED, "ff80ffffff0f"),
    "empty_field": block(INDEXED, "400000be"),
    "padding": block(INDEXED, "4001618207ff"),
}


def short(value):
    """As registry_coder.h writes it."""
    return bytes([len(value)]) + value.encode()


def kept_check(kind, name):
    """A check of a record: its definition, then how it is."""
    times, counts, indexes = bytes([20, 0, 0, 0]), bytes([0, 0, 0, 0, 0]), bytes([5, 6, 0])
    return (bytes([kind]) + short(name) + short("n") + short("") + bytes([2]) + times + counts + short("") + b"\0" +
            short("") + short("") + short("") + b"\0" + b"\1" + short("out") + indexes)


def kept_record(kind, key, fields):
    """As registry_record_fuzz takes it; version 1."""
    return bytes([kind, len(key)]) + key + b"\1" + fields


REGISTRY_RECORD = {
    "head": kept_record(0, b"", short("11111111-2222-3333-4444-555555555555") + bytes([1, 2, 4, 0, 0])),
    "node": kept_record(1, b"n2", short("n2") + short("") + short("10.0.0.2") + bytes([0, 1]) + short("os") + short("linux") +
                   bytes([3, 4, 1]) + kept_check(6, "t")),
    "own": kept_record(1, b"\0", short("") + short("") + short("") + bytes([0, 0, 0, 0, 1]) + kept_check(7, "m")),
    "instance": kept_record(2, b"a", short("") + short("a") + short("rating") + short("10.0.0.1") + b"P" + short("") +
                       bytes([0, 2, 0, 1]) + short("tag") + bytes([1]) + short("k") + short("v") + bytes([1]) +
                       short("wan") + short("1.2.3.4") + bytes([4, 0, 9, 10, 1]) + kept_check(0, "c")),
}


def dns(kind, flags, answers=(), authorities=(), additional=()):
    """The type's number in the target, and a reply to a question for the name "a"."""
    counts = b"".join(len(part).to_bytes(2, "big") for part in (answers, authorities, additional))
    question = b"\1a\0\0\1\0\1"
    return bytes([kind]) + b"\x12\x34" + flags + b"\0\1" + counts + question + b"".join((*answers, *authorities, *additional))


def record(name, kind, data, ttl=7):
    return name + kind.to_bytes(2, "big") + b"\0\1" + ttl.to_bytes(4, "big") + len(data).to_bytes(2, "big") + data


DNS_A, DNS_AAAA, DNS_SRV = 0, 1, 2
ASKED = b"\xc0\x0c"  # the question's name
OK, CUT, FAILED, NO_NAME = b"\x81\x80", b"\x83\x80", b"\x81\x82", b"\x81\x83"
ADDRESS = record(ASKED, 1, b"\x7f\0\0\1")
SOA = record(ASKED, 6, b"\0\0" + b"\0\0\0\1" * 5)
DNS_ANSWER = {
    "a": dns(DNS_A, OK, [ADDRESS]),
    "aaaa": dns(DNS_AAAA, OK, [record(ASKED, 28, bytes(15) + b"\1")]),
    "alias": dns(DNS_A, OK, [record(ASKED, 5, b"\1B\0"), record(b"\1b\0", 1, b"\x7f\0\0\1")]),
    "srv": dns(DNS_SRV, OK, [record(ASKED, 33, b"\0\1\0\2\0\x50\1B\xc0\x0c")], (),
               [record(b"\1b\xc0\x0c", 1, b"\x7f\0\0\1"), record(b"\1b\xc0\x0c", 28, bytes(15) + b"\1")]),
    "nowhere": dns(DNS_SRV, OK, [record(ASKED, 33, b"\0\0\0\0\0\0\0")]),
    "no_name": dns(DNS_A, NO_NAME, (), [SOA]),
    "cut": dns(DNS_A, CUT, [ADDRESS]),
    "failed": dns(DNS_A, FAILED),
    "loop": dns(DNS_A, OK, [record(b"\xc0\x13", 1, b"\x7f\0\0\1")]),
    "short": dns(DNS_A, OK, [record(ASKED, 1, b"\x7f\0")]),
    "odd_name": dns(DNS_SRV, OK, [record(ASKED, 33, b"\0\1\0\2\0\x50\3\0.\xff\0")]),
}


def frame(key, value, headers=b"", offset=0, checksum=0):
    """Of the embedded log (lib/eventlog/local_frame.h); the target makes checksums right."""
    return (checksum.to_bytes(4, "little") + len(key).to_bytes(2, "little") + len(headers).to_bytes(2, "little")
            + len(value).to_bytes(4, "little") + offset.to_bytes(8, "little") + (1700000000000).to_bytes(8, "little")
            + key + value + headers)


HEADER = b"\5\3\0traceabc"
LOCAL_FRAME = {
    "one": frame(b"key", b"value"),
    "empty": frame(b"", b""),
    "three": frame(b"k", b"1") + frame(b"k", b"", offset=1) + frame(b"l", b"3", HEADER, 2),
    "headers": frame(b"key", b"value", HEADER * 16),
    "too_many_headers": frame(b"key", b"value", HEADER * 17),
    "header_cut": frame(b"key", b"value", HEADER[:-1]),
    "header_too_long": frame(b"key", b"value", b"\1\xff\xffn"),
    "key_too_long": frame(b"k" * 513, b"value"),
    "cut": frame(b"key", b"value")[:-1],
    "value_too_long": frame(b"key", b"value")[:8] + b"\xff\xff\xff\xff" + frame(b"key", b"value")[12:],
}


def archive(entries, method=zipfile.ZIP_DEFLATED, comment=b""):
    """A ZIP archive of {name: content}."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in entries.items():
            made.writestr(zipfile.ZipInfo(name, (2024, 5, 6, 0, 0, 0)), content, method)
        made.comment = comment
    return out.getvalue()


def patched(data, place, value):
    return data[:place] + value + data[place + len(value):] if place >= 0 else \
        data[:len(data) + place] + value + data[len(data) + place + len(value):]


RATINGS = b"Date,Name,Year,Letterboxd URI,Rating\n2024-05-06,Film,1999,u,4.5\n"
DEFLATED = archive({"ratings.csv": RATINGS, "set/movies.csv": b"movieId,title,genres\n"})
STORED = archive({"ratings.csv": RATINGS}, zipfile.ZIP_STORED)
ZIP = {
    "deflated": DEFLATED,
    "stored": STORED,
    "none": archive({}),
    "comment": archive({"a": b"1"}, comment=b"PK\5\6" + b"x" * 30),
    "bomb": archive({"zeros": b"\0" * 300000}),
    "absurd_names": archive({"../../../etc/passwd": b"x", "a" * 5000: b"y", "/": b"z", "\u2603" * 100: b""}),
    "many": archive({str(i): b"" for i in range(50)}, zipfile.ZIP_STORED),
    "count_too_large": patched(DEFLATED, -12, b"\xff\x0f"),
    "zip64": patched(DEFLATED, -12, b"\xff\xff"),
    "directory_elsewhere": patched(DEFLATED, -6, b"\xff\xff\xff\x7f"),
    "directory_too_long": patched(DEFLATED, -10, b"\xff\xff\x10\0"),
    "entry_elsewhere": patched(STORED, STORED.index(b"PK\1\2") + 42, b"\xff\xff\xff\x7f"),
    "entry_onto_itself": patched(STORED, STORED.index(b"PK\1\2") + 42, number(1)[::-1]),
    "size_of_a_gigabyte": patched(DEFLATED, DEFLATED.index(b"PK\1\2") + 24, b"\0\0\0\x40"),
    "encrypted": patched(DEFLATED, DEFLATED.index(b"PK\1\2") + 8, b"\1\0"),
    "method_12": patched(DEFLATED, DEFLATED.index(b"PK\1\2") + 10, b"\x0c\0"),
    "name_too_long": patched(DEFLATED, DEFLATED.index(b"PK\1\2") + 28, b"\xff\xff"),
    "cut": DEFLATED[:-1],
    "nothing": b"",
}


def gzipped(content):
    return gzip.compress(content, mtime=0)


GZIP = {
    "one": gzipped(b"tconst\taverageRating\tnumVotes\n"),
    "two": gzipped(b"tconst\t") + gzipped(b"averageRating\n"),
    "empty": gzipped(b""),
    "zeros": gzipped(b"\0" * 300000),
    "garbage_behind": gzipped(b"x") + b"garbage",
    "cut": gzipped(b"some text")[:-1],
    "other_sum": patched(gzipped(b"some text"), -8, b"\0\0"),
    "other_length": patched(gzipped(b"some text"), -4, b"\1"),
    "plain": b"tconst\n",
    "nothing": b"",
}
TSV = {
    "titles": b"tconst\ttitleType\tprimaryTitle\nvtt1\tmovie\t\\N\r\n\n\t\n",
    "fields": b"\t" * 31 + b"\n" + b"\t" * 32 + b"\nx",
    "no_end": b"a\tb",
    "nothing": b"",
}


def write(folder, seeds, before):
    path = CORPUS / folder
    path.mkdir(parents=True, exist_ok=True)
    for name, seed in seeds.items():
        (path / name).write_bytes(before + seed)


write("http2", {name: BEGIN + seed for name, seed in HTTP2.items()}, b"\x20\x80")
write("sniff", SNIFF, b"\4\5")
write("grpc_text", GRPC_TEXT, b"")
write("hpack_nghttp2", HPACK, b"")
write("registry_record", REGISTRY_RECORD, b"")
write("dns_answer", DNS_ANSWER, b"")
write("local_frame", LOCAL_FRAME, b"")
write("zip", ZIP, b"")
write("gzip", GZIP, b"")
write("tsv", TSV, b"")
