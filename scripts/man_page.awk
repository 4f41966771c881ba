# Makes a manual page (man(7)) of what one of our programs prints for --help.
#
#   marquee rate --help | awk -f scripts/man_page.awk -v name=marquee-rate -v version=1.2.3
#
# The first line is "NAME: what it does"; then "usage: …", "options:" or "NAME:" headings with an indented table,
# paragraphs, "exit status: …" and "example: …".

function escape(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/…/, "\\[u2026]", text)
    if (text ~ /^[.']/) {
        text = "\\&" text
    }
    return text
}

function heading(title) {
    print ".SH " toupper(title)
    section = title
    open_term = 0
}

# "  --name ARGUMENT    what it is": two blanks or more part them, or one behind a long argument.
function term(line,    at, words, rest) {
    sub(/^ +/, "", line)
    at = match(line, /  +/)
    if (at == 0 && match(line, /^--[a-z-]+ [^ ]*[A-Z|][^ ]* /) && RLENGTH < length(line)) {
        at = RLENGTH
    }
    words = at > 0 ? substr(line, 1, at - 1) : line
    rest = at > 0 ? substr(line, at) : ""
    sub(/^ +/, "", rest)
    print ".TP"
    print "\\fB" escape(words) "\\fR"
    if (rest != "") {
        print escape(rest)
    }
    open_term = 1
}

NR == 1 {
    what = $0
    sub(/^[^:]*: /, "", what)
    print ".TH " toupper(name) " 1 \"\" \"Marquee " version "\" \"Marquee\""
    heading("name")
    sub(/\.$/, "", what)
    print name " \\- " escape(what)
    next
}

/^usage: / {
    line = $0
    sub(/^usage: /, "", line)
    heading("synopsis")
    print ".nf\n" escape(line)
    in_usage = 1
    next
}

in_usage && /^ +/ {
    line = $0
    sub(/^ +/, "", line)
    print escape(line)
    next
}

in_usage {
    print ".fi"
    in_usage = 0
}

/^[A-Za-z][A-Za-z ]*:$/ {
    line = $0
    sub(/:$/, "", line)
    heading(line)
    in_table = 1
    next
}

/^exit status: / {
    line = $0
    sub(/^exit status: /, "", line)
    heading("exit status")
    print escape(line)
    in_table = 0
    next
}

/^examples?: / || /^example:$/ {
    line = $0
    sub(/^examples?: */, "", line)
    heading("examples")
    print ".nf\n" escape(line)
    in_example = 1
    in_table = 0
    next
}

in_example && NF == 0 {
    print ".fi"
    in_example = 0
    next
}

in_example {
    line = $0
    sub(/^ +/, "", line)
    print escape(line)
    next
}

in_table && open_term && match($0, /^ +/) && RLENGTH >= 20 {
    line = $0
    sub(/^ +/, "", line)
    print escape(line)
    next
}

in_table && /^ +/ {
    term($0)
    next
}

NF == 0 {
    in_table = 0
    blank = 1
    next
}

{
    if (section != "description" && !in_table) {
        heading("description")
    } else if (blank) {
        print ".PP"
    }
    blank = 0
    print escape($0)
}

END {
    if (in_example || in_usage) {
        print ".fi"
    }
    print ".SH SEE ALSO"
    print name == "marquee" ? ".BR marquee\\-up (1)" : ".BR marquee (1)"
}
