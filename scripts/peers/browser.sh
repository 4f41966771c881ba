#!/bin/sh
# Chromium, its driver and Selenium, from Debian, and axe-core, from npm, for tests of the pages
#
# axe-core is $MARQUEE_CACHE/browser/node_modules/axe-core/axe.min.js; without it, its tests alone are left out.
set -eu

packages='chromium chromium-driver python3-selenium'
axe_version=4.14.1
folder=$MARQUEE_CACHE/browser

skip() {
    echo "browser: $*"
    exit 77
}

is_complete() {
    command -v chromium >/dev/null && command -v chromedriver >/dev/null && /usr/bin/python3 -c 'import selenium' 2>/dev/null
}

if ! is_complete; then
    command -v apt-get >/dev/null || skip "there is no apt-get here; these are missing: $packages"
    if [ "$(id -u)" = 0 ]; then
        as_root=''
    elif sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        skip "this needs root, or sudo without a password; as root, run: apt-get install $packages"
    fi
    # shellcheck disable=SC2086 # a word each
    {
        $as_root apt-get update -qq || echo "browser: the package lists could not be refreshed"
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends $packages </dev/null || skip "$packages could not be installed"
    }
    is_complete || skip "$packages are installed, but are not found"
fi

axe=$folder/node_modules/axe-core
if ! grep -q "\"version\": \"$axe_version\"" "$axe/package.json" 2>/dev/null; then
    if ! command -v npm >/dev/null ||
        ! npm install --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts "axe-core@$axe_version"; then
        echo "browser: axe-core $axe_version could not be installed: accessibility is tested without it"
    fi
fi
