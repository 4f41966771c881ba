#!/bin/sh
# What can be told of deploy/Containerfile without an engine to build it: that what is installed is what the manifests
# call, that every library which the programs need is installed and no other, and that the users agree.
#
# usage: container_test.sh SOURCE BUILD
set -eu

source=$1
build=$2
containerfile=$source/deploy/Containerfile
for tool in cmake dpkg-query objdump ldconfig; do
    if ! PATH="$PATH:/usr/sbin:/sbin" command -v "$tool" >/dev/null; then
        echo "container_test: skipped: there is no $tool"
        exit 77
    fi
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "container_test: FAILED: $*"
    exit 1
}

# The same command as the file has, but for the folders.
grep -q -- '--component programs --prefix /out' "$containerfile" || fail "it does not install the programs to /out"
grep -q '^COPY --from=build /out/bin/ /usr/local/bin/$' "$containerfile" || fail "the programs go elsewhere"
cmake --install "$build" --component programs --prefix "$scratch/out" >/dev/null
for path in $(sed -n 's/.*cmake --preset \([a-z]*\).*/\1/p' "$containerfile"); do
    (cd "$source" && cmake --list-presets) | grep -q "\"$path\"" || fail "there is no preset $path"
done

commands=0
for command in $(sed -n 's/^ *command: \["\([^"]*\)".*/\1/p' "$source"/deploy/kubernetes/*.yaml); do
    [ "$(dirname "$command")" = /usr/local/bin ] || fail "$command is not where programs are"
    "$scratch/out/bin/$(basename "$command")" --version >/dev/null || fail "$command does not run"
    commands=$((commands + 1))
done
[ "$commands" = 5 ] || fail "$commands manifests call a program, not 5"

# Packages of the libraries that the programs name themselves; sanitizers' and the C library's are not among them.
objdump -p "$scratch"/out/bin/* | awk '$1 == "NEEDED" { print $2 }' | sort -u |
    grep -Ev '^(libc|libm|ld-linux-x86-64|libgcc_s|lib[a-z]*san)\.so' |
    while read -r library; do
        file=$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p | awk -v name="$library" '$1 == name { print $NF; exit }')
        owner=$(dpkg-query -S "*/$(basename "$(readlink -f "$file")")" 2>/dev/null | grep -v ^diversion | head -n 1)
        [ -n "$owner" ] || { echo "container_test: no package has $library" >&2; continue; }
        echo "${owner%%:*}"
    done | sort -u >"$scratch/needed"
sed -n 's/^       \([a-z0-9.+-]*\) \\$/\1/p' "$containerfile" | sort -u >"$scratch/listed"
if ! cmp -s "$scratch/needed" "$scratch/listed"; then
    diff "$scratch/needed" "$scratch/listed" || true
    fail "the packages that are needed (<) are not those that are installed (>)"
fi

user=$(sed -n 's/^USER \([0-9]*\):\1$/\1/p' "$containerfile")
for manifest in metadata rating movie; do
    grep -q "^        runAsUser: $user\$" "$source/deploy/kubernetes/$manifest.yaml" || fail "$manifest is not user $user"
done
grep -q "install --directory --owner=$user --group=$user /var/lib/marquee" "$containerfile" || fail "whose is the disk?"
for path in $(sed -n 's/^COPY \([^-][^ ]*\) .*/\1/p' "$containerfile"); do
    [ -e "$source/$path" ] || fail "COPY of $path, which is not there"
done
echo "container_test: $(ls "$scratch/out/bin" | wc -l) programs, $(wc -l <"$scratch/needed") libraries, user $user"
