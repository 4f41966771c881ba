#!/usr/bin/env python3
"""Writes lib/http2/hpack_tables.c: what HPACK's Huffman code (RFC 7541 appendix B) and the hash of the
well-known names (lib/http2/hpack_field.h) look like as tables. usage: hpack_tables.py [--check]

The code is canonical: codes of a length follow each other in the order of their symbols, and the next
length goes on from there. So the lengths alone say everything. --check: fails if the file differs.
"""
import itertools
import pathlib
import re
import sys

LIBRARY = pathlib.Path(__file__).resolve().parent.parent / "lib" / "http2"
OUTPUT = LIBRARY / "hpack_tables.c"
STEP_BITS = 11
BITS_MAX = 30
TOKEN_SLOTS = 512

# The bits of each symbol's code, 0 to 255; EOS is the last code of 30 bits.
LENGTHS = [int(length) for length in """
13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28
6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10
13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6
15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28
20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24
22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23
26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27
20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26
""".split()]


def canonical():
    """symbol -> code, and length -> (limit, offset) as hpack_private.h says, and the symbols by code."""
    symbols = sorted(range(256), key=lambda symbol: (LENGTHS[symbol], symbol))
    codes, lengths = {}, {}
    code = place = 0
    for bits in range(1, BITS_MAX + 1):
        code <<= 1
        offset = place - code
        while place < 256 and LENGTHS[symbols[place]] == bits:
            codes[symbols[place]] = code
            code += 1
            place += 1
        lengths[bits] = (code << (32 - bits), offset)
    assert code == (1 << BITS_MAX) - 1, "what is left is EOS"
    return codes, lengths, symbols


def first_symbol(bits, count, by_code):
    """(symbol, its length) that the highest of `count` bits are, or None."""
    for length in range(1, count + 1):
        symbol = by_code.get((length, bits >> (count - length)))
        if symbol is not None:
            return symbol, length
    return None


def steps(codes):
    by_code = {(LENGTHS[symbol], code): symbol for symbol, code in codes.items()}
    rows = []
    for bits in range(1 << STEP_BITS):
        first = first_symbol(bits, STEP_BITS, by_code)
        if first is None:
            rows.append(0)
            continue
        symbol, used = first
        rest = STEP_BITS - used
        second = first_symbol(bits & ((1 << rest) - 1), rest, by_code)
        other, more = second or (0, 0)
        rows.append(symbol | other << 8 | (used + more) << 16 | (2 if second else 1) << 24)
    return rows


def token_names():
    return re.findall(r'^ {4}X\(\w+, "([^"]+)"\)', (LIBRARY / "hpack_field.h").read_text(), re.M)


def token_hash(name, factors):
    """hpack_field.c has the same."""
    length = len(name)
    return (length * factors[0] + name[0] * factors[1] + name[length // 2] * factors[2] +
            name[length * 3 // 4] * factors[3] + name[-1]) % TOKEN_SLOTS


def token_slots(names):
    """Factors under which no two names meet, and the token in each slot."""
    for factors in itertools.product(range(1, 128, 2), repeat=4):
        slots = {token_hash(name.encode(), factors): token for token, name in enumerate(names, 1)}
        if len(slots) == len(names):
            return factors, [slots.get(slot, 0) for slot in range(TOKEN_SLOTS)]
    sys.exit("no factors tell these names apart: the hash needs another byte of them")


def table(kind, name, items, form, per_line):
    words = [form(item) for item in items]
    lines = ["    " + ", ".join(words[i:i + per_line]) + "," for i in range(0, len(words), per_line)]
    return f"const {kind} {name} = {{\n" + "\n".join(lines) + "\n};\n"


def render():
    codes, lengths, symbols = canonical()
    factors, slots = token_slots(token_names())
    parts = [
        "/* Written by scripts/hpack_tables.py. */\n#include \"http2/hpack_private.h\"\n",
        "/* clang-format off */",
        table("struct hpack_huffman_code", "hpack_huffman_codes[256]", range(256),
              lambda symbol: f"{{0x{codes[symbol]:08x}, {LENGTHS[symbol]:2}}}", 5),
        table("struct hpack_huffman_length", "hpack_huffman_lengths[HPACK_HUFFMAN_BITS_MAX + 1]",
              range(BITS_MAX + 1), lambda bits: "{{0x{:08x}, {}}}".format(*lengths.get(bits, (0, 0))), 4),
        table("uint8_t", "hpack_huffman_symbols[256]", symbols, "{:3}".format, 16),
        table("uint32_t", "hpack_token_hash_factors[HPACK_TOKEN_HASH_FACTORS]", factors, str, 4),
        table("uint8_t", "hpack_token_slots[HPACK_TOKEN_SLOTS]", slots, "{:2}".format, 24),
        table("uint32_t", "hpack_huffman_steps[1 << HPACK_HUFFMAN_STEP_BITS]", steps(codes), "0x{:07x}".format, 8),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if OUTPUT.read_text() == render() else f"{OUTPUT} is not what its script writes")
    OUTPUT.write_text(render())
