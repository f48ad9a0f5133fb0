#!/usr/bin/env bash
# Installs what the product, the lab and the tests need and what is missing here. Quiet and quick when all is
# there. Needs root and apt only when something is missing.
set -euo pipefail

# command that must exist : Debian package that brings it
NEEDED='crun:crun runc:runc conmon:conmon nft:nftables ip:iproute2 conntrack:conntrack busybox:busybox-static
docker-registry:docker-registry skopeo:skopeo umoci:umoci tini:tini jq:jq curl:curl strace:strace ps:procps lsns:util-linux
nsenter:util-linux flock:util-linux hostname:hostname gzip:gzip node:nodejs npm:npm'
# files that no command stands for : package
NEEDED_FILES='libnftables.so.1:libnftables1 libseccomp.so.2:libseccomp2 libzstd.so.1:libzstd1'

export PATH=$PATH:/usr/sbin:/sbin

missing_packages() {
    local pair known
    for pair in $NEEDED; do
        command -v "${pair%%:*}" >/dev/null || echo "${pair#*:}"
    done
    # The plain busybox package has the command, but its binary starts in no container.
    if command -v busybox >/dev/null && ! busybox nuke --help >/dev/null 2>&1; then echo busybox-static; fi
    known=$(ldconfig -p 2>/dev/null || true)
    for pair in $NEEDED_FILES; do
        grep -qF "${pair%%:*} " <<<"$known" || echo "${pair#*:}"
    done
}

if ! command -v dotnet >/dev/null; then
    echo "install-deps: no dotnet here: install the .NET 10 SDK (https://dot.net) and put it on the PATH" >&2
    exit 1
fi

missing=$(missing_packages | sort -u | tr '\n' ' ')
[ -n "${missing// /}" ] || exit 0

[ "$(id -u)" = 0 ] || { echo "install-deps: missing: $missing– run as root to install" >&2; exit 1; }
command -v apt-get >/dev/null || { echo "install-deps: missing: $missing– and no apt-get here" >&2; exit 1; }

echo "install-deps: installing $missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# Services that a package brings must not start by themselves: the lab runs its own registry.
# shellcheck disable=SC2086
if ! { apt-get update -q && RUNLEVEL=1 apt-get install -q -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "install-deps: apt-get failed: see above" >&2
    exit 1
fi
missing=$(missing_packages | sort -u | tr '\n' ' ')
[ -z "${missing// /}" ] || { echo "install-deps: still missing after apt-get: $missing" >&2; exit 1; }
