#!/usr/bin/env bash
# Builds swarmd and swarmctl into artifacts/bin. Returns at once when no source is newer than the last build.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
out=artifacts/bin
stamp=artifacts/bin.stamp
mkdir -p artifacts
exec 8>artifacts/build.lock
flock 8

# Each source with the time of its last change: also tells what was added, moved and deleted.
sources() {
    find src Directory.Build.props Directory.Packages.props global.json scripts/build.sh .editorconfig \
        \( -name obj -o -name bin \) -prune -o -type f -printf '%p %T@\n' | sort
}

up_to_date() {
    [ -x $out/swarmd ] && [ -x $out/swarmctl ] && [ -e $stamp ] && cmp -s $stamp <(sources)
}

up_to_date && exit 0
command -v dotnet >/dev/null || { echo "build: no dotnet: install the .NET 10 SDK" >&2; exit 1; }

case $(uname -m) in
    x86_64) rid=linux-x64 ;;
    aarch64) rid=linux-arm64 ;;
    *) rid= ;;
esac
log=artifacts/build.log
: >$log
started=$(date +%s)
# Taken before the build, so that what changes meanwhile is built next time.
sources >$stamp.new

# No compiler server and no build nodes outlive this script.
publish() {
    dotnet publish "src/$1" -c Release -o $out --nologo -v q -m:2 -nodeReuse:false \
        -p:UseSharedCompilation=false -p:DebugType=portable "${@:2}" >>$log 2>&1 8>&-
}

publish_both() { publish Node "$@" && publish Ctl "$@"; }

echo "build: swarmd and swarmctl …" >&2
# ReadyToRun saves a third of the start-up time, where its compiler can be had (platform package).
ahead=()
[ -z "$rid" ] || ahead=(-p:SwarmRuntime="$rid" -p:PublishReadyToRun=true)
if [ ${#ahead[@]} -eq 0 ] || [ -e artifacts/no-ready-to-run ] || ! publish_both "${ahead[@]}"; then
    if grep -qE 'error (CS|RS|CA|IDE)[0-9]+' $log; then
        grep -E 'error (CS|RS|CA|IDE)[0-9]+' $log | sort -u | head -n 40 >&2
        exit 1
    fi
    # Only a missing package is remembered; anything else is tried again next time.
    ! grep -qE 'NU1101|NETSDK1094|Crossgen2' $log || touch artifacts/no-ready-to-run
    publish_both || {
        tail -n 40 $log >&2
        echo "build: failed; the whole log is $log" >&2
        exit 1
    }
fi
mv $stamp.new $stamp
echo "build: done in $(($(date +%s) - started)) s: $out" >&2
