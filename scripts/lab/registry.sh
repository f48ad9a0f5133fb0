# shellcheck shell=bash
# The registries of the lab: docker-registry in a part of its own, with the demo images; one open, one with a password.

start_registry() {
    local dir=$LAB_DIR/registry
    mkdir -p "$dir/storage"
    cat >"$dir/config.yml" <<YAML
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $dir/storage}, delete: {enabled: true}}
http: {addr: "$REGISTRY"}
YAML
    sed "s/$REGISTRY/$LOCKED_REGISTRY/" "$dir/config.yml" >"$dir/locked.yml"
    echo "auth: {htpasswd: {realm: lab, path: $dir/htpasswd}}" >>"$dir/locked.yml"
    # shellcheck disable=SC2016
    echo 'joe:$2b$05$abcdefghijklmnopqrstuu8AsO5eiZQ3RDzf0uoFsTyXc.z4nXbg6' >"$dir/htpasswd"
    # It starts before its address is there, so it waits for it.
    boot_part registry 10.99.0.5 bash -c '
        until ip -4 -br addr show dev eth0 2>/dev/null | grep -q 10.99.0.5; do sleep 0.02; done
        docker-registry serve "$2" &
        exec docker-registry serve "$1"' registry "$dir/config.yml" "$dir/locked.yml"
    wait_for 20 registry_answers || die "the registry does not answer: see $dir/init.log"
}

registry_answers() { curl -fs --noproxy '*' -m 2 -o /dev/null "http://$REGISTRY/v2/"; }

load_images() {
    local tag
    "$REPO/scripts/demo/build-images.sh" "$LAB_DIR/images"
    for tag in 1 2 bad; do
        NO_PROXY='*' no_proxy='*' skopeo copy -q --insecure-policy --dest-tls-verify=false \
            "oci:$LAB_DIR/images:$tag" "docker://$REGISTRY/demo/web:$tag" ||
            die "could not load demo/web:$tag into the registry"
    done
}
