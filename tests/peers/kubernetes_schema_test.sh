#!/bin/sh
# Kubernetes' own schemas find nothing wrong with our manifests, at the oldest release that they are for and at the
# newest that the checker knows; and they do find a misspelt key and a wrong type. hadolint is content with the image.
set -eu

: "${MARQUEE_SOURCE:?where the manifests are}"
programs=${MARQUEE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/marquee}/kubernetes/bin
validate=$programs/kubernetes-validate
manifests=$MARQUEE_SOURCE/deploy/kubernetes
oldest=1.30
newest=1.34
if [ ! -x "$validate" ] || [ ! -x "$programs/hadolint" ]; then
    echo "kubernetes_schema_test: skipped: there is no kubernetes-validate or no hadolint (./dev peers kubernetes)"
    exit 77
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "kubernetes_schema_test: FAILED: $*"
    exit 1
}

objects=0
for file in "$manifests"/*.yaml; do
    name=$(basename "$file")
    [ "$name" != kustomization.yaml ] || continue # kustomize's, which has no schema there
    grep -q "^  - $name\$" "$manifests/kustomization.yaml" || fail "kustomization.yaml does not name $name"
    for version in $oldest $newest; do
        "$validate" --strict -k "$version" "$file" || fail "$name, at $version"
    done
    objects=$((objects + $(grep -c '^kind: ' "$file")))
done

# must_refuse NAME FILE SED-EXPRESSION WORDS: the changed manifest is refused, with these words.
must_refuse() {
    sed "$3" "$manifests/$2" >"$scratch/$2"
    ! cmp -s "$manifests/$2" "$scratch/$2" || fail "$1: nothing was changed"
    ! "$validate" --strict -k "$newest" "$scratch/$2" >"$scratch/said" 2>&1 || fail "$1 was not found"
    grep -q "$4" "$scratch/said" || {
        cat "$scratch/said"
        fail "$1 was found for another reason"
    }
}
must_refuse "a misspelt key" rating.yaml 's/readinessProbe:/readynessProbe:/' "'readynessProbe' was unexpected"
must_refuse "a key in the wrong place" metadata.yaml 's/^  serviceName:/  hostname:/' "'hostname' was unexpected"
must_refuse "a word for a number" movie.yaml 's/periodSeconds: 2$/periodSeconds: two/' "'two' is not"

"$programs/hadolint" "$MARQUEE_SOURCE/deploy/Containerfile" || fail "the Containerfile"
sed 's/ --yes / /' "$MARQUEE_SOURCE/deploy/Containerfile" >"$scratch/Containerfile"
! "$programs/hadolint" "$scratch/Containerfile" >"$scratch/said" || fail "an apt-get that asks was not found"
grep -q DL3014 "$scratch/said" || fail "an apt-get that asks was found for another reason"

echo "kubernetes_schema_test: $objects objects are well formed at $oldest and $newest, 3 bad ones were found"
