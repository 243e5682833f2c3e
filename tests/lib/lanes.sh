# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Sourced by tests/run: suites in lanes, and what came of them.  Needs:
#   here       the directory tests
#   LANES      the number of lanes
#   waiting    suites that wait for most of their time
#   begun      when it all began
#   form       "quick", "long" or nothing
#
# A suite is run by "$0 --suite NAME".
# For each suite there are in $runs:
#   NAME.taken     it has begun
#   NAME.output    what it says
#   NAME.status    its exit status, when it has ended
#   NAME.seconds   how long it took, and the time of processors

# begin_runs: make $runs, and have it and what runs go in the end.
begin_runs () {
    runs=$(mktemp -d "${TMPDIR:-/tmp}/guix-docker-runs.XXXXXX") || exit 1
    prepare=
    lanes=
    trap end_runs EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 141' PIPE
    trap 'exit 143' TERM
}

end_runs () {
    trap '' HUP INT PIPE TERM
    # shellcheck disable=SC2086 # a list of numbers
    [ -z "$lanes" ] || { kill $lanes; wait $lanes; } 2>/dev/null
    [ -z "$prepare" ] || { kill -- "-$prepare"; wait "$prepare"; } 2>/dev/null
    rm -rf "$runs"
}

# seconds_of NAME: the time since $start, and that of the processors, which is
# what this shell and its children took.
seconds_of () {
    times >"$runs/$1.times"
    awk -v elapsed=$(($(date +%s) - start)) '
        { for (i = 1; i <= 2; i++) { split($i, part, /[ms]/); sum += part[1] * 60 + part[2] } }
        END { printf "%d %d\n", elapsed, sum }' "$runs/$1.times" >"$runs/$1.seconds"
}

# alone NAME: run a suite in a process group of its own, so that all of it can be
# stopped.  For a shell of its own, in the background: what is there ignores
# interrupts, which suites test.
alone () {
    start=$(date +%s)
    child=
    trap '[ -z "$child" ] || kill -- "-$child" 2>/dev/null; wait; exit 143' TERM
    defaults=
    ! env --default-signal=INT,QUIT true 2>/dev/null || defaults="env --default-signal=INT,QUIT"
    # shellcheck disable=SC2086 # words
    setsid $defaults "$0" --suite "$1" >"$runs/$1.output" 2>&1 </dev/null &
    child=$!
    if [ "$live" ]; then
        echo "== $1" >&3
        tail -s 0.2 -f -n +1 --pid="$child" "$runs/$1.output" >&3 &
        follower=$!
    fi
    wait "$child"
    echo "$?" >"$runs/$1.status"
    child=
    [ -z "$live" ] || wait "$follower"
    seconds_of "$1"
}

# lane SUITE...: run those that no lane has taken, and say so.
lane () {
    child=
    trap '[ -z "$child" ] || { kill "$child"; wait "$child"; } 2>/dev/null; exit 143' TERM
    for name; do
        mkdir "$runs/$name.taken" 2>/dev/null || continue
        alone "$name" &
        child=$!
        wait "$child"
        child=
        echo "$name"
    done
}

# count KIND FILE: add up the numbers of a kind in the totals in FILE, those of
# cargo's as well as ours.
count () {
    sed -n "s/^\(test result: .*[.;] \)\{0,1\}\(.*, \)\{0,1\}\([0-9]*\) $1.*/\3/p" "$2" |
        awk '{ sum += $1 } END { print sum + 0 }'
}

# failures NAME: the number of failed tests of a suite.
failures () {
    some=$(count failed "$runs/$1.output")
    # A suite that fails without saying why counts as one failure.
    [ "$(cat "$runs/$1.status")" = 0 ] || [ "$some" -gt 0 ] || some=1
    echo "$some"
}

# show SUITE...: print what those have said that have ended, up to the first that
# has not.
show () {
    for name; do
        [ -e "$runs/$name.seconds" ] || return 0
        ! [ -e "$runs/$name.shown" ] || continue
        [ "$live" ] || { echo "== $name"; cat "$runs/$name.output"; }
        echo "== $(cut -d ' ' -f 1 "$runs/$name.seconds") s"
        : >"$runs/$name.shown"
    done
}

# summary SUITE...: print the table, what to run again, and the sums.
summary () {
    passed=0
    failed=0
    skipped=0
    again=
    printf '%-12s %8s %8s %8s %8s %8s\n' suite seconds CPU passed failed skipped
    for name; do
        [ -e "$runs/$name.seconds" ] || { failed=$((failed + 1)); again="$again $name"; continue; }
        read -r seconds processors <"$runs/$name.seconds"
        good=$(count passed "$runs/$name.output")
        bad=$(failures "$name")
        none=$(count skipped "$runs/$name.output")
        printf '%-12s %8s %8s %8s %8s %8s\n' \
               "$name" "$seconds" "$processors" "$good" "$bad" "$none"
        passed=$((passed + good))
        failed=$((failed + bad))
        skipped=$((skipped + none))
        [ "$bad" = 0 ] || again="$again $name"
    done
    printf '%-12s %8s\n' all $(($(date +%s) - begun))
    # What failed is far above by now.
    for name in $again; do
        echo "failed in $name:"
        [ ! -e "$runs/$name.output" ] ||
            sed -n -e 's/^not ok - /  /p' -e 's/^test \(.*\) \.\.\. FAILED$/  \1/p' \
                "$runs/$name.output" | head -n 20
        echo "again: tests/run${form:+ $form} $name"
    done
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

# run_all SUITE...: run the suites and print what came of them; the exit status is
# that of the whole.  Those that measure run when the others are over.
run_all () {
    last=
    some=
    late=
    for name; do
        case " $waiting " in
            *" $name "*) late="$late $name" ;;
        esac
        case $name in
            bench) last=$name ;;
            *) some="$some $name" ;;
        esac
    done
    # Those that wait, in their own order.
    late=$(for name in $waiting; do case " $late " in *" $name "*) echo "$name" ;; esac; done)
    # One lane's output can be read as it comes.
    live=
    [ "$LANES" -gt 1 ] && [ $# -gt 1 ] || { live=true; LANES=1; }
    exec 3>&1
    mkfifo "$runs/ended"
    {
        lanes=
        trap 'kill $lanes 2>/dev/null; wait; exit 143' TERM
        number=0
        while [ $number -lt "$LANES" ]; do
            number=$((number + 1))
            # Every other lane begins with those that wait.
            # shellcheck disable=SC2086 # lists of words
            case $((number % 2)) in
                1) lane $some & ;;
                0) lane $late $some & ;;
            esac
            lanes="$lanes $!"
        done
        # shellcheck disable=SC2086
        wait $lanes
        lanes=
        if [ "$last" ]; then
            lane "$last" &
            lanes=$!
            wait "$lanes"
        fi
    } >"$runs/ended" &
    lanes=$!
    while read -r name; do
        show "$@"
    done <"$runs/ended"
    wait "$lanes"
    lanes=
    show "$@"
    summary "$@"
}
