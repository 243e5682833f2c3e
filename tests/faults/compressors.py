# SPDX-License-Identifier: GPL-3.0-or-later
"""Compressors that are missing, fail, die, stop reading, or hang."""

import os
import signal

from checks import check
from scene import left_processes

# More than a pipe holds, so that a compressor that does not read is noticed
# by writing to it.
MUCH = 3_000_000


def check_all(scene):
    much = scene.make_input("much", {"noise": os.urandom(MUCH)})
    check_start(scene)
    for how, words in {"little input": ["path", scene.small],
                       "much input": ["path", much],
                       "layered": ["path", scene.small, "path", much, "max-layers", 3]}.items():
        check_end(scene, how, words)
    check_noise(scene, much)
    check_stuck(scene, much)
    check_surroundings(scene, much)


def fails(scene, name, words, *command, says=(), **options):
    scene.failure(name, *words, "compressor", *command, ";", status="COMPRESSOR",
                  says=["compressor", *says], **options)


def check_start(scene):
    words = ["path", scene.small]
    fails(scene, "a compressor that is not there", words, "no-such-compressor", "-9",
          says=["no-such-compressor", "No such file", "install"])
    fails(scene, "a compressor whose file is not there", words, "/no/such/compressor",
          says=["/no/such/compressor", "No such file"])
    plain = scene.small / "file"
    fails(scene, "a compressor that is not a program", words, plain,
          says=[plain, "Permission denied"])
    fails(scene, "a compressor that is a directory", words, scene.small,
          says=[scene.small, "Permission denied"])
    for name in ("bgzip", "igzip", "ungzip", "/no/such/notgzip", "notpigz"):
        fails(scene, f"{name} is not gzip", words, scene.work / "missing" / name.lstrip("/"),
              says=[name, "No such file"])
    broken = scene.work / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    fails(scene, "a compressor whose interpreter is not there", words, broken,
          says=[broken, "No such file"])
    fails(scene, "gzip with options that it does not have", words, "gzip", "--no-such-option",
          says=["gzip", "exit status"])
    fails(scene, "a compressor's name is not a shell's line", words, "cat | cat",
          says=["cat | cat", "No such file"])


def check_end(scene, how, words):
    def one(name, *command, says, **options):
        fails(scene, f"{name}, {how}", words, *command, says=says, **options)

    def script(name, text, says, **options):
        one(name, "sh", "-c", text, says=says, **options)

    one("a compressor that fails at once", "false", says=["false", "exit status 1"])
    script("a compressor that fails in the end", "cat; echo why >&2; exit 7",
           ['"sh"', "exit status 7", "why"])
    script("a compressor that dies half-way", "head -c 1000; kill -KILL $$", ["signal 9"])
    script("a compressor that dies in the end", "cat; kill -TERM $$", ["signal 15"])
    script("a compressor that aborts", "ulimit -c 0; kill -ABRT $$", ["signal 6"])
    one("a compressor that does not read", "true", says=["true", "stopped reading"])
    script("a compressor that reads a part", "head -c 1000", ["stopped reading"])
    script("a compressor that writes without reading", "echo all is well", ["stopped reading"])
    script("a compressor that writes nothing", "cat >/dev/null", ["wrote nothing"])
    script("a compressor that closes its input", "exec <&-; echo all is well",
           ["stopped reading"])
    # It must not be waited for until it is done with whatever else it does.
    script("a compressor that closes its input and goes on", "exec <&-; sleep 3600",
           ["stopped reading"], old=[False])
    # Nothing that a compressor started may be left.
    script("a compressor that fails and leaves a child", "sleep 3600 & exit 3", ["exit status 3"])
    script("a compressor that fails and leaves a grandchild",
           "(sleep 3600 & sleep 3601 &) ; cat >/dev/null; exit 3", ["exit status 3"])


def check_noise(scene, much):
    words = ["path", much]
    # The end of it is in the message, on one line.
    fails(scene, "a compressor that complains on several lines", words, "sh", "-c",
          "printf 'first\\n\\tsecond\\0\\377third\\n' >&2; exit 1",
          says=["first second", "third"])
    # It would pile up in memory, or in a file without a name, of a process that is
    # seen here.
    megabytes = 300
    script = f"""
      held () {{
        {{ awk '/^Rss(Anon|Shmem):/ {{ print $2 }}' /proc/[0-9]*/status
           stat -L -c '%i %b %B' /proc/[0-9]*/fd/* | sort -u | awk '{{ print $2 * $3 / 1024 }}'
        }} 2>/dev/null | awk '{{ sum += $1 }} END {{ printf "%d", sum }}'
      }}
      before=$(held)
      head -c {megabytes}000000 /dev/zero | tr '\\0' x >&2
      after=$(held)
      echo " grew $((after - before))" >&2
      exit 1"""
    fails(scene, "a compressor that complains without end", words, "sh", "-c", script,
          says=["grew"], old=[False])
    grown = scene.last.message.rpartition("grew ")[2].split()
    check("what it complains does not pile up",
          grown and int(grown[0]) < megabytes * 1000 // 2, scene.last.message[-100:])
    check("the message about it is short", len(scene.last.message) < 2000,
          len(scene.last.message))
    scene.success("a compressor that complains and succeeds", *words, "compressor", "sh", "-c",
                  "echo warning >&2; exec cat", ";")
    scene.success("a compressor that closes its standard error", *words, "compressor", "sh", "-c",
                  "exec cat 2>&-", ";")


def check_stuck(scene, much):
    """Compressors that would hold the build up when it has failed otherwise."""
    stuck = {
        "never reads": "sleep 3600",
        "reads all and never ends": "cat >/dev/null; sleep 3600",
        "ignores SIGTERM": "trap '' TERM HUP INT PIPE; cat >/dev/null; sleep 3600",
    }
    for what, text in stuck.items():
        scene.failure(f"stopped while a compressor {what}", "path", much, "at", 0, "cancel", 1,
                      "compressor", "sh", "-c", text, ";", status="CANCELLED",
                      says=["progress"])


def check_surroundings(scene, much):
    """What a compressor gets from the program that runs it."""
    # By exec: a shell blocks signals of its own while it starts another program.
    fails(scene, "a compressor has no signals blocked", ["path", much], "sh", "-c",
          "exec grep SigBlk: /proc/self/status >&2", says=["SigBlk: 0000000000000000"])
    fails(scene, "a compressor can be ended by a signal", ["path", much], "sh", "-c",
          "kill -TERM $$; sleep 3600", says=["signal 15"])
    fails(scene, "a compressor gets SIGPIPE even if the program ignores it",
          ["ignore", int(signal.SIGPIPE), "path", much], "sh", "-c",
          "exec grep SigIgn: /proc/self/status >&2", says=[])
    ignored = scene.last.message.rpartition("SigIgn: ")[2]
    check("SIGPIPE is not ignored there",
          ignored and not int(ignored, 16) & 1 << (signal.SIGPIPE - 1), scene.last.message)
    # No descriptor but the three: the library's would keep pipes open.  The
    # fourth is the one by which they are listed.
    fails(scene, "a compressor has three descriptors", ["path", much], "sh", "-c",
          "exec ls /proc/self/fd >&2", says=["0 1 2 3"])
    check("and no others", scene.last.message.endswith(": 0 1 2 3"), scene.last.message)
    scene.success("a compressor that leaves a child and succeeds", "path", much,
                  "compressor", "sh", "-c", "sleep 3600 >/dev/null 2>&1 & cat", ";")
    check("that child is not waited for", scene.last.ended == 0, left_processes())
