#!/usr/bin/env bash
# Builds the demo images as one OCI layout: build-images.sh DIR. References: 1, 2 (a web server that tells
# its version) and bad (ends with an error at once). Made from busybox-static, tar and sha256sum alone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
busybox=$(command -v busybox)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $(uname -m) in
    x86_64) arch=amd64 ;;
    aarch64) arch=arm64 ;;
    *) echo "build-images: unknown machine $(uname -m)" >&2; exit 1 ;;
esac
# A dynamic busybox starts on this machine, but in no container.
"$busybox" nuke --help >/dev/null 2>&1 || { echo "build-images: $busybox is not busybox-static" >&2; exit 1; }

rm -rf "$out"
mkdir -p "$out/blobs/sha256"

digest() { sha256sum "$1" | cut -d' ' -f1; }

# Moves a file into the layout; prints its digest.
blob() {
    local hash
    hash=$(digest "$1")
    mv "$1" "$out/blobs/sha256/$hash"
    echo "$hash"
}

# layer ROOT: prints "<digest of the tar> <digest of the blob> <size of the blob>". Same input, same digests.
layer() {
    local tar=$work/layer.tar diff hash
    tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$tar" .
    diff=$(digest "$tar")
    gzip -n -6 "$tar"
    hash=$(blob "$tar.gz")
    echo "$diff $hash $(stat -c %s "$out/blobs/sha256/$hash")"
}

base_root() {
    local root=$work/base applet
    mkdir -p "$root"/{bin,etc,dev,proc,sys,run,root,tmp,www,var}
    chmod 1777 "$root/tmp"
    chmod 777 "$root/www"
    cp "$busybox" "$root/bin/busybox"
    for applet in $("$busybox" --list); do
        [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
    done
    install -m 755 "$here/web.sh" "$root/bin/web"
    echo 'root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/sh' >"$root/etc/passwd"
    echo 'root:x:0:
nogroup:x:65534:' >"$root/etc/group"
    echo "$root"
}

version_root() {
    local root=$work/version-$1
    mkdir -p "$root/etc"
    echo "$1" >"$root/etc/version"
    echo "$root"
}

# image TAG CMD-AS-JSON: writes config and manifest; prints the manifest's descriptor.
image() {
    local tag=$1 cmd=$2 top config manifest
    read -ra top <<<"$(layer "$(version_root "$tag")")"
    cat >"$work/config" <<JSON
{"created":"1970-01-01T00:00:00Z","architecture":"$arch","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":$cmd,
"WorkingDir":"/","StopSignal":"SIGTERM","ExposedPorts":{"80/tcp":{}},"Labels":{"demo.version":"$tag"}},
"rootfs":{"type":"layers","diff_ids":["sha256:${base[0]}","sha256:${top[0]}"]}}
JSON
    local config_size manifest_size type=application/vnd.oci.image
    config_size=$(stat -c %s "$work/config")
    config=$(blob "$work/config")
    cat >"$work/manifest" <<JSON
{"schemaVersion":2,"mediaType":"$type.manifest.v1+json",
"config":{"mediaType":"$type.config.v1+json","digest":"sha256:$config","size":$config_size},
"layers":[{"mediaType":"$type.layer.v1.tar+gzip","digest":"sha256:${base[1]}","size":${base[2]}},
{"mediaType":"$type.layer.v1.tar+gzip","digest":"sha256:${top[1]}","size":${top[2]}}]}
JSON
    manifest_size=$(stat -c %s "$work/manifest")
    manifest=$(blob "$work/manifest")
    printf '{"mediaType":"%s.manifest.v1+json","digest":"sha256:%s","size":%s,"annotations":{"%s":"%s"}}' \
        "$type" "$manifest" "$manifest_size" org.opencontainers.image.ref.name "$tag"
}

read -ra base <<<"$(layer "$(base_root)")"
one=$(image 1 '["/bin/web"]')
two=$(image 2 '["/bin/web"]')
bad=$(image bad '["/bin/sh","-c","echo this version cannot start >&2; exit 1"]')
echo '{"imageLayoutVersion":"1.0.0"}' >"$out/oci-layout"
printf '{"schemaVersion":2,"manifests":[%s,%s,%s]}\n' "$one" "$two" "$bad" >"$out/index.json"
