#!/usr/bin/env python3
"""Plants one violation at a time in a small tree that is clean, and expects the lint to find just it."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"

CLEAN = {
    "lib/CMakeLists.txt": "# Lowest first.\nmarquee_folders(base loop http json proto store eventlog)\n",
    "lib/base/text.h": "#pragma once\n\n#include <stddef.h>\n\nstruct text {\n    size_t length;\n};\n",
    "lib/base/text.c": '#include "base/text.h"\n\nstatic const int table[] = {1, 2};\n\n'
                       "int text_first(void)\n{\n    return table[0];\n}\n",
    "lib/loop/fiber.h": "#pragma once\n",
    "lib/loop/loop_private.h": "#pragma once\n",
    "lib/loop/loop.c": '#include <uv.h>\n\n#include "base/text.h"\n#include "loop/loop_private.h"\n',
    "lib/http/http_server.h": "#pragma once\n",
    "lib/json/json.h": "#pragma once\n",
    "services/rating/model/rating.h": '#pragma once\n\n#include "base/text.h"\n',
    "services/rating/model/rating_json.c": '#include "json/json.h"\n#include "rating/model/rating.h"\n',
    "services/rating/repository/rating_repository.h": '#pragma once\n\n#include "rating/model/rating.h"\n',
    "services/rating/repository/lmdb_rating_repository.c":
        '#include <lmdb.h>\n\n#include "rating/repository/rating_repository.h"\n',
    "services/rating/controller/rating_controller.h":
        '#pragma once\n\n#include "loop/fiber.h"\n#include "rating/repository/rating_repository.h"\n',
    "services/rating/handler/rating_handler.c":
        '#include "http/http_server.h"\n#include "movie.pb-c.h"\n#include "rating/controller/rating_controller.h"\n',
    "services/rating/relay/rating_relay.c":
        '#include "http/http_server.h"\n#include "rating/repository/rating_repository.h"\n',
    "services/rating/main.c": '#include "rating/repository/rating_repository.h"\n',
    "services/rating/rating_ingestion.c": '#include "http/http_server.h"\n'
                                          '#include "rating/controller/rating_controller.h"\n',
    "services/movie/gateway/rating_gateway.h": '#pragma once\n\n#include "rating/model/rating.h"\n',
    "services/single/main.c": '#include "movie/gateway/rating_gateway.h"\n'
                              '#include "rating/repository/rating_repository.h"\n',
    "lib/store/lmdb_store.h": "#pragma once\n",
    "services/rating/rating_store.h": '#pragma once\n\n#include "rating/repository/rating_repository.h"\n',
    "tools/marquee/fsck_command.c": '#include "rating/rating_store.h"\n#include "store/lmdb_store.h"\n'
                                    '#include "rating/repository/rating_repository.h"\n',
    "tools/marquee/rate.c": '#include "http/http_server.h"\n#include "rating/model/rating.h"\n',
    "tests/unit/rating/rating_test.c": "#include <cmocka.h>\n",
    "docs/adding-a-service.md": "# Page\n\n<!-- from lib/base/text.c -->\n```c\n    return table[0];\n}\n```\n",
    "docs/rpc.md": "# Page\n\n<!-- from lib/base/text.c -->\n```c\n    return table[0];\n```\n",
    "docs/discovery.md": "# Page\n\n<!-- from lib/base/text.c -->\n```c\n    return table[0];\n```\n",
}

PAGE = "docs/adding-a-service.md"
SHOWN = "# Page\n\n<!-- from lib/base/text.c -->\n"

# name: (file, its content, what the complaint says)
EXAMPLES = {
    "other code": (PAGE, SHOWN + "```c\n    return table[1];\n```\n", ":3: the block does not stand in lib/base/text.c"),
    "other indent": (PAGE, SHOWN + "```c\nreturn table[0];\n```\n", "the block does not stand in lib/base/text.c"),
    "half a line": (PAGE, SHOWN + "```c\n    return\n```\n", "the block does not stand in lib/base/text.c"),
    "empty": (PAGE, SHOWN + "```c\n```\n", "the block does not stand in lib/base/text.c"),
    "other page": ("docs/rpc.md", SHOWN + "```c\n    return table[1];\n```\n", "docs/rpc.md:3: the block does not stand"),
    "nothing shown": (PAGE, "# Page\n", "shows no code"),
    "no block": (PAGE, SHOWN + "\n", "no block follows"),
    "no file": (PAGE, "<!-- from lib/base/none.c -->\n```c\nint a;\n```\n", "lib/base/none.c does not exist"),
}

LAYERS = {
    "lib above": ("lib/base/list.c", '#include "loop/fiber.h"\n', "lib/loop stands above lib/base"),
    "lib to service": ("lib/http/http_x.c", '#include "rating/model/rating.h"\n', "lib knows no service"),
    "lib to service's messages": ("lib/http/http_x.c", '#include "movie.pb-c.h"\n', "lib knows no service"),
    "lib without place": ("lib/stray/stray.c", '#include "base/text.h"\n', "lib/stray has no place"),
    "private header": ("lib/http/http_x.c", '#include "loop/loop_private.h"\n', "stays in its folder"),
    "model to lib": ("services/rating/model/vote.c", '#include "http/http_server.h"\n', "knows base only"),
    "model to controller": ("services/rating/model/vote.c", '#include "rating/controller/rating_controller.h"\n',
                            "model does not know controller"),
    "port to lib": ("services/rating/repository/rating_repository.h",
                    '#pragma once\n#include "http/http_server.h"\n', "knows base only"),
    "controller to wire": ("services/rating/controller/put.c", '#include "movie.pb-c.h"\n', "know the wire"),
    "controller to lib": ("services/rating/controller/put.c", '#include "json/json.h"\n', "base and fibers only"),
    "controller to handler": ("services/rating/controller/put.c", '#include "rating/handler/x.h"\n',
                              "controller does not know handler"),
    "controller to implementation": ("services/rating/controller/put.c",
                                     '#include "rating/repository/lmdb_rating_repository.h"\n',
                                     "controller does not know repository"),
    "handler to port": ("services/rating/handler/put_handler.c",
                        '#include "rating/repository/rating_repository.h"\n', "goes through the controller"),
    "repository to controller": ("services/rating/repository/memory_rating.c",
                                 '#include "rating/controller/rating_controller.h"\n',
                                 "repository does not know controller"),
    "relay to implementation": ("services/rating/relay/send.c",
                                '#include "rating/repository/lmdb_rating_repository.h"\n',
                                "relay does not know repository"),
    "relay to controller": ("services/rating/relay/send.c", '#include "rating/controller/rating_controller.h"\n',
                            "relay does not know controller"),
    "other service": ("services/movie/gateway/direct.c", '#include "rating/controller/rating_controller.h"\n',
                      "only its model"),
    "main to other service": ("services/movie/main.c", '#include "rating/controller/rating_controller.h"\n',
                              "only its model"),
    "layer to main": ("services/rating/handler/x.c", '#include "rating/rating_ingestion.h"\n',
                      "handler does not know rating_ingestion.h"),
    "tool to service": ("tools/marquee/put.c", '#include "rating/controller/rating_controller.h"\n',
                        "a service's model only"),
    "tool to implementation": ("tools/marquee/fsck_command.c",
                               '#include "rating/repository/lmdb_rating_repository.h"\n', "a service's model only"),
    "command to store": ("tools/marquee/put_command.c", '#include "rating/rating_store.h"\n', "asks the services"),
    "command to port": ("tools/marquee/put_command.c", '#include "rating/repository/rating_repository.h"\n',
                        "asks the services"),
    "command to lib's store": ("tools/marquee/put_command.c", '#include "store/lmdb_store.h"\n', "asks the services"),
    "command to log": ("tools/marquee/fsck_command.c", '#include "eventlog/eventlog.h"\n', "asks the services"),
    "no layer named": ("lib/http/http_x.c", '#include "text.h"\n', "names its folder"),
    "source included": ("tests/unit/rating/vote_test.c", '#include "rating/model/rating_json.c"\n',
                        "compiled, not included"),
    "foreign": ("services/rating/controller/put.c", "#include <lmdb.h>\n", "only */*lmdb* may"),
    "foreign in test": ("tests/unit/rating/vote_test.c", "#include <nghttp2/nghttp2.h>\n", "tests/*nghttp2*"),
    "foreign unknown": ("lib/http/http_x.c", "#include <magic.h>\n", "has no entry"),
    "indented include": ("lib/base/list.c", '  #  include "loop/fiber.h"\n', "stands above"),
    "basename twice": ("lib/http/text.h", "#pragma once\n", "basenames are unique"),
}

LONG_FUNCTION = "int f(void)\n{\n" + "    f();\n" * 61 + "}\n"
FITTING_TABLE = ("int f(void)\n{\n    static const struct {\n        int a;\n    } rows[] = {\n" +
                 "        {1},\n" * 100 + "    };\n    return rows[0].a;\n}\n")
TO_DO = "TO" "DO"

BANNED = {
    "strcpy": ("lib/base/x.c", "void f(char *a)\n{\n    strcpy(a, a);\n}\n", "strcpy does not know the room"),
    "sprintf": ("tools/marquee/x.c", "void f(void)\n{\n    sprintf(b);\n}\n", "sprintf"),
    "strtok": ("lib/base/x.c", "void f(void)\n{\n    g(strtok (a, b));\n}\n", "strtok"),
    "atoi": ("services/rating/main.c", "int f(void)\n{\n    return atoi(a);\n}\n", "atoi hides errors"),
    "strtoul": ("lib/base/x.c", "int f(void)\n{\n    return strtoul(a);\n}\n", "strtoul hides errors"),
    "alloca": ("lib/base/x.c", "void f(void)\n{\n    alloca(3);\n}\n", "alloca has no bound"),
    "usleep": ("lib/loop/x.c", "void f(void)\n{\n    usleep(3);\n}\n", "usleep blocks"),
    "sleep in test": ("tests/unit/x_test.c", "void f(void)\n{\n    sleep(1);\n}\n", "sleep guesses"),
    "exit": ("lib/base/x.c", "void f(void)\n{\n    exit(1);\n}\n", "exit is for main.c"),
    "abort": ("services/rating/controller/x.c", "void f(void)\n{\n    abort();\n}\n", "abort is for main.c"),
    "printf in lib": ("lib/base/x.c", 'void f(void)\n{\n    printf("");\n}\n', "standard output"),
    "stdout in lib": ("lib/base/x.c", 'void f(void)\n{\n    fputs("", stdout);\n}\n', "standard output"),
    "secret compared": ("lib/access/x.c", "bool f(void)\n{\n    return text_equal(a, b);\n}\n",
                        "text_equal ends at the first difference"),
    "secret by bytes": ("lib/access/x.c", "int f(void)\n{\n    return memcmp(a, b, 3);\n}\n", "memcmp ends"),
    "unfinished": ("lib/base/x.c", f"/* {TO_DO}: more */\n", "finish it"),
    "unfinished script": ("scripts/x.sh", f"# {TO_DO}\n", "finish it"),
    "long file": ("lib/base/x.c", "\n" * 601, "split by subject"),
    "long function": ("lib/base/x.c", LONG_FUNCTION, "a function of 61 lines"),
    "static": ("lib/base/x.c", "static int count;\n", "a mutable object"),
    "static pointer": ("lib/base/x.c", "static const char *name = 0;\n", "a mutable object"),
    "static struct": ("lib/base/x.c", "static struct text last = {0};\n", "a mutable object"),
    "static hook": ("lib/base/x.c", "static void (*hook)(void);\n", "a mutable object"),
    "static array": ("lib/base/x.c", "static char name[3];\n", "a mutable object"),
    "global": ("lib/base/x.c", "struct text { int a; };\n\nint count = 0;\n", "a mutable object"),
    "static in function": ("lib/base/x.c", "int f(void)\n{\n    static int count = 0;\n    return count++;\n}\n",
                           "a mutable static inside"),
    "ifdef in function": ("lib/base/x.c", "int f(void)\n{\n#ifdef A\n    return 1;\n#endif\n}\n",
                          "conditional compilation"),
    "no guard": ("lib/base/x.h", "struct x;\n", "no #pragma once"),
    "guard in comment": ("lib/base/x.h", "/*\n#pragma once\n*/\n", "no #pragma once"),
    "not UTF-8": ("lib/base/x.c", b"/* \xff */\n", "not UTF-8"),
}

# What must not be complained about.
HARMLESS = {
    "call in comment": "/* strcpy() and exit() are banned. */\n",
    "call in string": 'static const char *const words = "strcpy(a) \\" exit(1)";\n',
    "member": "void f(void)\n{\n    a->ops->abort(a);\n    b.exit(1);\n}\n",
    "child's exit": "void f(void)\n{\n    _exit(1);\n}\n",
    "const pointer": "static const char *const names[] = {0};\n",
    "const hook": "static void (*const hook)(void) = f;\n",
    "thread-local": "static _Thread_local int depth;\n",
    "prototype": "static int f(int a);\n",
    "type": "struct a;\nenum { A, B };\nstruct b {\n    int a;\n};\ntypedef int (*f_fn)(void);\n",
    "ifdef outside": "#ifdef A\nint f(void);\n#endif\n",
    "template": 'static const char name[] = "/tmp/XXXXXX";\n',
    "table": FITTING_TABLE,
}


def run(script, *arguments):
    command = [str(SCRIPTS / script), *map(str, arguments)]
    if script.endswith(".py"):
        command.insert(0, sys.executable)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class Planted(unittest.TestCase):
    def setUp(self):
        self.tree = pathlib.Path(tempfile.mkdtemp(prefix="marquee-lint-"))
        self.addCleanup(shutil.rmtree, self.tree)
        for name, content in CLEAN.items():
            self.plant(name, content)

    def plant(self, name, content):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def expect_found(self, script, cases):
        for case, (name, content, complaint) in cases.items():
            with self.subTest(case):
                self.plant(name, content)
                status, output = run(script, self.tree)
                (self.tree / name).unlink()
                if name in CLEAN:
                    self.plant(name, CLEAN[name])
                self.assertEqual(status, 1, output)
                self.assertIn(f"{name}:", output)
                self.assertIn(complaint, output)
                self.assertIn(" 1 complaints", output)

    def test_clean(self):
        for script in ("lint_layers.py", "lint_banned.py", "lint_examples.py"):
            status, output = run(script, self.tree)
            self.assertEqual(status, 0, output)

    def test_layers(self):
        self.expect_found("lint_layers.py", LAYERS)

    def test_banned(self):
        self.expect_found("lint_banned.py", BANNED)

    def test_examples(self):
        self.expect_found("lint_examples.py", EXAMPLES)

    def test_page_without_examples_is_not_clean(self):
        self.plant(PAGE, "# Page\n")
        self.assertEqual(run("lint_examples.py", self.tree)[0], 1)

    def test_harmless(self):
        for case, content in HARMLESS.items():
            with self.subTest(case):
                self.plant("lib/base/harmless.c", content)
                status, output = run("lint_banned.py", self.tree)
                self.assertEqual(status, 0, output)

    def test_empty_tree_is_not_clean(self):
        empty = self.tree / "empty"
        (empty / "lib").mkdir(parents=True)
        (empty / "lib/CMakeLists.txt").write_text("marquee_folders(base)\n")
        self.assertEqual(run("lint_layers.py", empty)[0], 1)

    def test_headers(self):
        includes = self.tree / "includes.txt"
        includes.write_text(f"{self.tree}/lib\n{self.tree}/services\n{self.tree}/none\n")
        self.assertEqual(run("lint_headers.py", self.tree, "cc", includes)[0], 0)
        self.plant("lib/base/needy.h", "#pragma once\n\nsize_t needy_count(void);\n")
        status, output = run("lint_headers.py", self.tree, "cc", includes)
        self.assertEqual(status, 1)
        self.assertIn("lib/base/needy.h:1: does not compile alone", output)
        self.assertIn(" 1 complaints", output)

    @unittest.skipUnless(shutil.which("clang-format"), "there is no clang-format")
    def test_format(self):
        self.plant("good.c", "int f(void);\n")
        self.plant("bad.c", "int  f( void );\n")
        shutil.copy(SCRIPTS.parent / ".clang-format", self.tree)
        self.assertEqual(run("lint_format.sh", self.tree / "good.c")[0], 0)
        self.assertEqual(run("lint_format.sh", self.tree / "bad.c")[0], 1)

    def test_format_without_the_tool(self):
        for tool in ("dirname", "sh"):
            os.symlink(shutil.which(tool), self.tree / tool)
        done = subprocess.run([str(SCRIPTS / "lint_format.sh")], env={"PATH": str(self.tree)},
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 77)
        self.assertIn("skipped", done.stdout)


if __name__ == "__main__":
    unittest.main()
