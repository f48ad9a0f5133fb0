#!/bin/sh
# The demo server, PID 1 of its container. Every answer is the same for a container's whole life, so it is a
# file, which httpd serves without starting anything. /cgi-bin/slow?N answers after N seconds (what is in flight
# while a task stops), /cgi-bin/from tells who asked.
# PID 1 has no default reaction: without this, a stop during the start would wait for the grace period.
trap 'exit 0' TERM INT
version=$(cat /etc/version)
root=/www
[ -w $root ] || root=/dev/shm/www
mkdir -p $root/cgi-bin
echo "version=$version hostname=$(hostname) task=${SWARM_TASK_NAME:-none}" >$root/index.html
printf '#!/bin/sh\nsleep "${QUERY_STRING:-1}"\nprintf "Content-Type: text/plain\\r\\n\\r\\n"\ncat %s\n' \
    $root/index.html >$root/cgi-bin/slow
printf '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n%%s\\n" "$REMOTE_ADDR"\n' >$root/cgi-bin/from
chmod 755 $root/cgi-bin/slow $root/cgi-bin/from

# Connections that the kernel has completed but httpd has not taken yet: the receive queue of the listener.
waiting() {
    awk '$2 ~ /:0050$/ && $4 == "0A" && $5 !~ /:00000000$/ { n++ } END { exit !n }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# Who is connected gets an answer; then the end comes at once.
stop() {
    usleep 10000
    while waiting; do usleep 10000; done
    kill "$server"
    while pidof httpd >/dev/null; do usleep 10000; done
    exit 0
}

trap stop TERM INT
httpd -f -p "${PORT:-80}" -h $root &
server=$!
wait $server
