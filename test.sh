#!/usr/bin/env bash
# Everything that CI runs: builds once, runs every test project, the simulator and the end-to-end tests, and looks
# for what they left behind. Last line: "N passed, N failed". Exit 1 when anything failed or did not run.
#   ./test.sh            all of it (needs root)
#   ./test.sh --fast     without end-to-end tests
#   ./test.sh NAME…      only these projects, e.g. Raft Tidy EndToEnd
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

BUILD_SECONDS=900
UNIT_SECONDS=300
PURE_SECONDS=1200
END_TO_END_SECONDS=1080
CLUSTER_SIM_SECONDS=600
SETTLE_SECONDS=10
LOGS=artifacts/test
# They live on virtual time and touch neither network nor processes: they run on what all the others leave of the cores,
# and the end-to-end tests leave a third.
PURE=(ClusterSim Histories Model Orchestrator Scheduler Store SwarmSim)
# These wait more than they compute: they run beside the rest of the unit tests.
WAITING=(Runtime RoutingMesh)

fast=
only=()
for argument in "$@"; do
    case $argument in
        --fast) fast=1 ;;
        -h | --help) sed -n '2,6p' "$0"; exit 0 ;;
        -*) echo "test: does not know '$argument'" >&2; exit 2 ;;
        *) only+=("$argument") ;;
    esac
done

passed=0
failed=0
running=
declare -A lanes=()
mkdir -p $LOGS
# Everything started from here carries this mark, so that what stays can be told from other people's processes.
export SWARM_TEST_RUN=$$
# No build server and no build node outlives this script.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# Diagnostic sockets in /tmp outlive a killed process.
export DOTNET_EnableDiagnostics=0

# A signal may come while a function's output goes to a log; the last line must not.
exec 5>&1 6>&2

# Runs as a group of its own, so that all of it can be ended; the time limit ends what hangs.
bounded() {
    local seconds=$1
    shift
    setsid timeout -k 10 "$seconds" "$@" 5>&- 6>&- 7>&- &
    running=$!
    local code=0
    wait $running || code=$?
    running=
    return $code
}

finish() {
    local code=$?
    trap - EXIT INT TERM
    exec >&5 2>&6
    [ ${#lanes[@]} -eq 0 ] || kill -TERM "${lanes[@]}" 2>/dev/null || true
    end_running
    [ ${#lanes[@]} -eq 0 ] || wait "${lanes[@]}" 2>/dev/null || true
    end_lab
    if [ $code -ne 0 ] && [ $failed -eq 0 ]; then failed=1; fi
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ] || exit 1
}

end_running() {
    if [ -n "$running" ]; then
        kill -TERM -- "-$running" 2>/dev/null || true
        sleep 1
        kill -KILL -- "-$running" 2>/dev/null || true
    fi
}

end_lab() {
    [ "$(id -u)" != 0 ] || [ ! -d .lab ] || ./lab down >/dev/null 2>&1 || echo "test: ./lab down failed" >&2
}

say() { printf '%s\n' "$*"; }

chosen() {
    [ ${#only[@]} -gt 0 ] || return 0
    local name
    for name in "${only[@]}"; do
        [ "$name" != "$1" ] && [ "$name.Tests" != "$1" ] || return 0
    done
    return 1
}

# One machine has one lab: another run waits for this one, whatever clone it belongs to.
take_turn() {
    [ "$(id -u)" = 0 ] || return 0
    exec 7>/run/lock/swarm-test.lock
    flock -n 7 && return 0
    say "test: waiting for another run on this machine"
    flock -w 1800 7 || { echo "test: the other run has not ended in 30 minutes" >&2; exit 1; }
}

build() {
    say "building …"
    local started=$SECONDS
    # One warm compiler takes half the time of one for each project; end_compiler ends it.
    if ! bounded $BUILD_SECONDS dotnet build Swarm.sln -c Release --nologo -v q -m:2 -nodeReuse:false \
        -p:UseSharedCompilation=true >$LOGS/build.log 2>&1; then
        grep -E 'error' $LOGS/build.log | sort -u | head -n 40 || tail -n 40 $LOGS/build.log
        say "the solution does not build: $LOGS/build.log"
        end_compiler
        failed=$((failed + 1))
        return 1
    fi
    end_compiler
    say "built in $((SECONDS - started)) s"
}

end_compiler() {
    bounded 60 dotnet build-server shutdown --vbcscompiler >>$LOGS/build.log 2>&1 ||
        echo "test: the compiler server could not be ended" >&2
}

# The number after a word in the summary lines of a log, added up.
sum_of() {
    { grep -hE '^(Passed|Failed|Skipped)! +- ' "$2" || true; } |
        sed -E "s/.*$1: *([0-9]+).*/\1/" | awk '{ n += $1 } END { print n + 0 }'
}

# project NAME SECONDS
project() {
    local name=$1 log=$LOGS/$1.log dll=tests/$1/bin/Release/net10.0/Swarm.$1.dll code=0 ok bad started=$SECONDS
    bounded "$2" dotnet test "$dll" --nologo --logger 'console;verbosity=minimal' >"$log" 2>&1 || code=$?
    ok=$(sum_of Passed "$log")
    bad=$(sum_of Failed "$log")
    passed=$((passed + ok))
    failed=$((failed + bad))
    printf '%-20s %5d passed %4d failed %4d s\n' "$name" "$ok" "$bad" $((SECONDS - started))
    if [ $((ok + bad)) -eq 0 ] || { [ $code -ne 0 ] && [ "$bad" -eq 0 ]; }; then
        failed=$((failed + 1))
        say "$name did not run to its end (exit code $code, 124 means over $2 s):"
        tail -n 30 "$log"
    elif [ "$bad" -gt 0 ]; then
        show_failures "$log"
    fi
}

# projects SECONDS NAME…: those of them that were chosen
projects() {
    local seconds=$1 name
    shift
    for name in "$@"; do
        ! chosen "$name.Tests" || project "$name.Tests" "$seconds"
    done
}

# Name, message and the part of the stack that is ours.
show_failures() {
    grep -vE '^\s+at (Xunit|System|Microsoft|InvokeStub|FsCheck)|^\[xUnit|^Test run for|test files matched|^\s*$' "$1" |
        cut -c1-400 | head -n 600
}

# cluster_sim WHAT ARGUMENT…
cluster_sim() {
    local log=$LOGS/ClusterSim.$1.log started=$SECONDS
    if bounded $CLUSTER_SIM_SECONDS dotnet tests/ClusterSim/bin/Release/net10.0/Swarm.ClusterSim.dll "$@" \
        >"$log" 2>&1; then
        passed=$((passed + 1))
        printf '%-20s %5d passed %4d failed %4d s\n' "ClusterSim $1" 1 0 $((SECONDS - started))
    else
        failed=$((failed + 1))
        printf '%-20s %5d passed %4d failed %4d s\n' "ClusterSim $1" 0 1 $((SECONDS - started))
        tail -n 40 "$log"
    fi
}

# is_one_of NAME.Tests NAME…
is_one_of() {
    local wanted=$1 name
    shift
    for name in "$@"; do [ "$name.Tests" != "$wanted" ] || return 0; done
    return 1
}

# start_lane FUNCTION: beside what follows, in a process of its own; what it counts comes back in a file.
start_lane() {
    lane "$1" 5>&- 6>&- 7>&- >"$LOGS/$1.out" 2>&1 &
    lanes[$1]=$!
}

lane() {
    trap 'end_running; exit 143' TERM
    trap - EXIT INT
    lanes=()
    rm -f "$LOGS/$1.count"
    passed=0 failed=0
    "$1"
    echo $passed $failed >"$LOGS/$1.count"
}

pure_tests() {
    # Such a process runs when nobody else wants to.
    chrt --idle --pid 0 $BASHPID || renice -n 19 -p $BASHPID >/dev/null
    projects $PURE_SECONDS "${PURE[@]}"
    if chosen ClusterSim; then
        cluster_sim raft --seeds 300
        cluster_sim swarm --seeds 30
        cluster_sim small-model --failures 1 --updates 1
    fi
}

waiting_tests() {
    projects $UNIT_SECONDS "${WAITING[@]}"
    # The end-to-end tests come next and need them.
    [ -z "$end_to_end" ] || bounded $BUILD_SECONDS scripts/build.sh
}

other_tests() {
    local folder name
    for folder in tests/*.Tests; do
        name=$(basename "$folder")
        is_one_of "$name" "${PURE[@]}" "${WAITING[@]}" || ! chosen "$name" || project "$name" $UNIT_SECONDS
    done
}

# join_lane FUNCTION: waits for it, and shows and counts what it did.
join_lane() {
    local ok bad
    wait "${lanes[$1]}" || true
    unset "lanes[$1]"
    cat "$LOGS/$1.out"
    if read -r ok bad <"$LOGS/$1.count"; then
        passed=$((passed + ok))
        failed=$((failed + bad))
    else
        failed=$((failed + 1))
        say "$1 did not come to their end"
    fi
}

nothing_left() {
    local until=$((SECONDS + SETTLE_SECONDS)) left=
    end_lab
    while ! left=$(scripts/leftovers.sh compare $LOGS/before "$SWARM_TEST_RUN" 7>&-); do
        if [ $SECONDS -ge $until ]; then
            failed=$((failed + 1))
            say "left behind:" "$left"
            return
        fi
        sleep 0.5
    done
    passed=$((passed + 1))
    printf '%-20s nothing left behind\n' Leftovers
}

trap finish EXIT
trap 'exit 130' INT TERM

take_turn
scripts/install-deps.sh
if [ "$(id -u)" = 0 ]; then ./lab down --any >/dev/null; fi
scripts/leftovers.sh snapshot $LOGS/before
build || exit 1
end_to_end=
[ -n "$fast" ] || ! chosen EndToEnd || end_to_end=1
start_lane pure_tests
start_lane waiting_tests
other_tests
join_lane waiting_tests
[ -z "$end_to_end" ] || project EndToEnd $END_TO_END_SECONDS
join_lane pure_tests
nothing_left
