#!/usr/bin/env python3
"""Checks that no file includes what its layer must not know. usage: lint_layers.py [TREE]

The rules are those of ARCHITECTURE.md: model -> base; port -> model; controller -> model and ports;
repository, gateway, catalogue, ingester, relay, checker and handler -> own port or controller, model and lib; main.c ->
all of its service; another service -> only its model and the generated messages; lib -> lower lib only; tools -> lib and models,
and stores and logs in the commands that open them.
Basenames are unique, and a foreign library is included only by the files that are named after it.
"""

import fnmatch
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import source_tree  # noqa: E402

# What may break a rule, and why. (file pattern, include pattern): reason.
EXCEPTIONS = {
    # The registry's state is memory alone and has no second implementation, hence no port.
    ("services/registry/controller/*", "registry/repository/registry_*.h"): "the registry has one state",
    # Measures how much stack the libraries use that run on fibers.
    ("tests/unit/loop/stack_use.c", "*"): "it calls each library once",
    ("services/registry/handler/*", "registry/repository/registry_state.h"): "its header names the inputs",
    # Its blocking queries wait for a change of that state on the loop they came in on.
    ("services/registry/controller/*", "loop/loop.h"): "a blocking query parks on its own loop",
}

# What a model needs for its JSON and message forms.
MODEL_LIBRARY = ("base/*", "json/json.h", "proto/proto.h")
# Whose header is of values and rules as a model's: what a list, its pages and a score are.
RULES_LIBRARY = ("rank/rank.h",)
# A controller reads top to bottom while it waits: it may park its fiber, and start several.
CONTROLLER_LIBRARY = ("base/*", "loop/fiber*.h")

# What stands beside main.c composes the service, as main.c does.
MAIN = "main.c"

ADAPTERS = ("repository", "gateway", "catalogue", "ingester", "relay", "checker", "handler")
# SERVICE/LAYER/NAME_LAYER.h of these is a port: declared for the controller, with no library in it.
PORT_LAYERS = ("repository", "gateway", "catalogue", "checker")
# Ports with names of their own: SERVICE/LAYER/NAME_this.h.
MORE_PORTS = ("search", "votes", "ranking", "feed_gateway")

# services/single composes every service in one process.
COMPOSERS = ("single",)

# A tool asks the services; only these commands open stores or logs themselves, and no other file of a
# tool includes what opens them.
STORE_COMMANDS = ("tools/marquee/backup_*", "tools/marquee/fsck_*", "tools/marquee/snapshot_*",
                  "tools/marquee/rebuild_*")
LOG_COMMANDS = ("tools/marquee/ingest_*", "tools/marquee/event_*", "tools/marquee/log_*",
                "tools/marquee/backup_*", "tools/marquee/up_sample.c", "tools/marquee/stream_*",
                "tools/marquee/feed_*", "tools/marquee/work_*", "tools/marquee/jobs_*",
                "tools/marquee/import_queue.c")
TOOL_OPENS = {
    # A map in memory, which no store is opened for: what they count.
    "store/ordered_map.h": ("tools/marquee/stream_window.c", "tools/marquee/jobs_command.c",
                            "tools/marquee/fsck_settle.c"),
    # No store either: a file beside the input, whose replacement must survive a loss of power.
    "store/store_directory.h": (*STORE_COMMANDS, "tools/marquee/ingest_position.c"),
    "rating/rating_store.h": STORE_COMMANDS,
    # It opens nothing: the options that it hands on to the service are declared there.
    "rating/rating_guard.h": ("tools/marquee/up_command.c",),
    "rating/repository/rating_repository.h": STORE_COMMANDS,
    "rating/relay/rating_relay_position.h": STORE_COMMANDS,
    "store/*": STORE_COMMANDS,
    "eventlog/*": LOG_COMMANDS,
}

# Foreign headers, and the files that may include them.
FOREIGN = {
    "uv.h": ("lib/loop/*", "lib/http/*", "tests/unit/loop/*", "tests/unit/http/*"),
    "nghttp2/*": ("tests/*nghttp2*", "bench/rivals/nghttp2*"),
    "lmdb.h": ("*/*lmdb*",),
    "sqlite3.h": ("*/*sqlite*",),
    "librdkafka/*": ("*/*kafka*",),
    "curl/*": ("*/*curl*",),
    "yaml.h": ("*/*yaml*",),
    "jansson.h": ("*/*jansson*",),
    "pcre2.h": ("*/*pcre2*",),
    "libxml/*": ("*/*libxml2*",),
    "avro.h": ("*/*avro*",),
    "avro/*": ("*/*avro*",),
    "thrift/*": ("*/*thrift*",),
    "glib*": ("*/*thrift*",),
    "openssl/*": ("*/*openssl*", "*/*tls*"),
    "zlib.h": ("*/*zlib*",),
    "libpq-fe.h": ("*/*postgres*",),
    "ldns/*": ("*/*ldns*",),
    "ares.h": ("*/*ares*",),
    "utf8proc.h": ("*/*utf8proc*",),
    "valgrind/*": ("*/*valgrind*",),
    "sanitizer/*": ("lib/base/arena_sanitized.c", "lib/loop/fiber_*"),
    "cmocka.h": ("tests/*",),
    "protobuf-c/*": ("*",),
    "*.pb-c.h": ("*",),
}

# The C library, POSIX and Linux.
SYSTEM = re.compile(
    r"(sys|net|netinet|arpa|linux)/.*|(assert|complex|ctype|dirent|dlfcn|endian|errno|fcntl|fenv|float|"
    r"fnmatch|ftw|getopt|glob|ifaddrs|inttypes|iso646|libgen|limits|locale|malloc|math|netdb|poll|pthread|pwd|"
    r"regex|sched|semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|"
    r"stdlib|stdnoreturn|string|strings|syslog|termios|threads|time|uchar|ucontext|unistd|wchar|wctype)\.h")

# Messages that belong to services; lib knows no service.
SERVICE_MESSAGES = ("metadata.pb-c.h", "rating.pb-c.h", "recommendation.pb-c.h", "review.pb-c.h", "movie.pb-c.h",
                    "movie_descriptors.h", "movie_access.h")
GENERATED = ("*.pb-c.h", "movie_descriptors.h", "movie_access.h", "thrift_*.h")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def library_order(root):
    """The folders of lib, lowest first, from its CMakeLists.txt."""
    text = source_tree.read(root, "lib/CMakeLists.txt")
    found = re.search(r"marquee_folders\(([^)]*)\)", text)
    if not found:
        sys.exit("lib/CMakeLists.txt: no marquee_folders() line to read the order from")
    return found.group(1).split()


class Layers:
    def __init__(self, root):
        self.root = root
        self.libraries = library_order(root)
        self.services = self._folders("services")
        self.tools = self._folders("tools")
        port_names = "|".join(self.services)
        self.port = re.compile(rf"({port_names})/({'|'.join(PORT_LAYERS)})/({port_names})_(\2|{'|'.join(MORE_PORTS)})\.h")

    def _folders(self, parent):
        try:
            return sorted(entry.name for entry in os.scandir(os.path.join(self.root, parent))
                          if entry.is_dir())
        except FileNotFoundError:
            return []

    def why_not(self, name, header):
        """Why `name` must not include "header"; None when it may."""
        if header.endswith(".c"):
            return "a source file is compiled, not included"
        where = name.split("/")
        if where[0] == "lib":
            return self.why_not_in_library(where[1], header)
        if where[0] == "services" and len(where) > 2 and where[1] not in COMPOSERS:
            layer = where[2] if len(where) > 3 else MAIN
            return self.why_not_in_service(where[1], layer, name, header)
        if where[0] == "tools":
            return self.why_not_in_tool(where[1], name, header)
        return None

    def why_not_in_library(self, own, header):
        folder = header.split("/")[0] if "/" in header else ""
        if matches(header, SERVICE_MESSAGES) or folder in self.services:
            return "lib knows no service"
        if matches(header, GENERATED):
            return None
        if folder not in self.libraries:
            return "an include names its folder of lib"
        if own not in self.libraries:
            return f"lib/{own} has no place in lib/CMakeLists.txt's order"
        if self.libraries.index(folder) > self.libraries.index(own):
            return f"lib/{folder} stands above lib/{own}"
        return self.private_to(own, header)

    @staticmethod
    def private_to(own, header):
        if header.endswith("_private.h") and header.split("/")[0] != own:
            return "a private header stays in its folder"
        return None

    def why_not_in_service(self, own, layer, name, header):
        if matches(header, GENERATED):
            return None if layer not in ("controller",) else "a controller does not know the wire"
        folder, _, rest = header.partition("/")
        other_layer = rest.split("/")[0]
        if folder in self.services and folder != own:
            return None if other_layer == "model" else "of another service only its model"
        if folder not in self.services and folder not in self.libraries:
            return "an include names its service or its folder of lib"
        if folder in self.libraries and self.private_to(own, header):
            return self.private_to(own, header)
        if layer == MAIN:
            return None
        if folder in self.libraries:
            return self.why_not_library_in_layer(layer, name, header)
        return self.why_not_layer(own, layer, name, header, other_layer)

    def why_not_library_in_layer(self, layer, name, header):
        if layer == "model" or self.is_port(name):
            return None if matches(header, MODEL_LIBRARY + RULES_LIBRARY) else "a model or a port knows base only"
        if layer == "controller":
            return None if matches(header, CONTROLLER_LIBRARY + RULES_LIBRARY) else "a controller knows base and fibers only"
        return None

    def is_port(self, name):
        return bool(self.port.fullmatch(name.removeprefix("services/")))

    def why_not_layer(self, own, layer, name, header, other):
        if other == "model":
            return None
        if self.is_port(name):
            return "a port knows models only"
        if layer == other:
            return None
        if self.port.fullmatch(header):
            return None if layer in ("controller", "catalogue", "ingester", "relay", "checker") else f"{layer} goes through the controller"
        if layer in ADAPTERS and other == "controller" and layer not in ("repository", "relay"):
            return None
        return f"{layer} does not know {other}"

    def why_not_in_tool(self, own, name, header):
        if matches(header, GENERATED):
            return None
        for pattern, openers in TOOL_OPENS.items():
            if fnmatch.fnmatchcase(header, pattern):
                return None if matches(name, openers) else "this command asks the services"
        folder, _, rest = header.partition("/")
        if folder == own:
            return None
        if folder in self.libraries:
            return self.private_to(own, header)
        if folder in self.services:
            return None if rest.startswith("model/") else "a tool knows a service's model only"
        return "an include names its tool, its service or its folder of lib"


def is_excepted(name, header):
    return any(fnmatch.fnmatchcase(name, files) and fnmatch.fnmatchcase(header, headers)
               for files, headers in EXCEPTIONS)


def foreign_error(name, header):
    if SYSTEM.fullmatch(header):
        return None
    for pattern, allowed in FOREIGN.items():
        if fnmatch.fnmatchcase(header, pattern):
            return None if matches(name, allowed) else f"only {' and '.join(allowed)} may"
    return "this library has no entry in scripts/lint_layers.py"


def check_includes(layers, name, complain):
    text = source_tree.read(layers.root, name)
    # Strings are blanked too, and with them the names in quotes: only comments matter here.
    code = source_tree.blank(text)
    for found in INCLUDE.finditer(text):
        if code[found.start():found.start(1)].strip() == "":
            continue  # within a comment
        header = found.group(2)
        why = foreign_error(name, header) if found.group(1) == "<" else layers.why_not(name, header)
        if why and not is_excepted(name, header):
            complain(f"{name}:{source_tree.line_of(text, found.start(1))}: includes {header}: {why}")


def check_names(names, complain):
    seen = {}
    for name in names:
        base = os.path.basename(name)
        if base in seen and base != "main.c":
            complain(f"{name}:1: there is {seen[base]} already: basenames are unique")
        seen.setdefault(base, name)


def main(arguments):
    root = arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    names = source_tree.files(root, (".c", ".h"))
    complaints = []
    layers = Layers(root)
    for name in names:
        check_includes(layers, name, complaints.append)
    check_names(names, complaints.append)
    for complaint in complaints:
        print(complaint)
    print(f"layers: {len(names)} files, {len(complaints)} complaints")
    return 1 if complaints or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
