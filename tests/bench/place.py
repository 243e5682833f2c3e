# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things run: the chroot with Guix, or else the machine itself."""

import mmap
import os
import shutil
import subprocess
import tempfile

from process import Failure, run

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))

COMPILE = """
(use-modules (system base compile) (ice-9 ftw))
(define from (string-append (cadr (command-line)) "/"))
(define to (string-append (caddr (command-line)) "/"))
(ftw (string-append from "guix")
     (lambda (file stat flag)
       (when (string-suffix? ".scm" file)
         (let ((base (string-drop-right (substring file (string-length from))
                                        4)))
           (compile-file file #:output-file (string-append to base ".go"))))
       #t))
"""

# More bytes than an image and what is made of it on the way.
TOUCHED = 2 << 30


def touch_memory():
    """Use memory and free it.  A virtual machine gives back to its host what
    it does not use, and the next program would pay for having it again: as
    much as 1 s for an image, or nothing after a program that has just freed
    some."""
    with mmap.mmap(-1, TOUCHED, flags=mmap.MAP_PRIVATE) as memory:
        for page in range(0, TOUCHED, mmap.PAGESIZE):
            memory[page] = 1


class Place:
    """A root directory with the inputs, the programs and room to write."""

    def __init__(self, root, inputs):
        """ROOT is the chroot's name, or empty for the machine itself."""
        self.root = root
        self.scratch = tempfile.mkdtemp(prefix="guix-docker-bench.",
                                        dir=os.environ.get("TMPDIR", "/var/tmp"))
        self.temporary = self.scratch + "/tmp"
        os.mkdir(self.temporary)
        if root:
            # Image and temporary files are on one file system for all.
            mount("--bind", self.temporary, root + "/tmp")
            mount("--bind", inputs, root + "/gnu")
            mount("-t", "proc", "proc", root + "/proc")
            self.store, self.work = "/gnu", "/tmp"
        else:
            self.store, self.work = inputs, self.temporary
        self._install()

    def _install(self):
        library = os.environ.get("GUIX_DOCKER_LIBRARY",
                                 TOP + "/target/release/libguix_docker.so")
        if not os.path.exists(library):
            raise Failure(f"{library} is missing: run 'cargo build --release'")
        ours = self.temporary + "/ours"
        os.mkdir(ours)
        shutil.copy(library, ours + "/libguix_docker.so.0")
        program = TOP + "/target/release/guix-docker"
        self.program = os.path.exists(program)
        if self.program:
            shutil.copy(program, ours)
        shutil.copytree(TOP + "/guile", ours + "/guile")
        shutil.copy(HERE + "/build-image.scm", self.temporary)
        self.driver = None
        if shutil.which("cc"):
            run(["cc", "-O2", "-I", TOP + "/include", HERE + "/build-image.c",
                 ours + "/libguix_docker.so.0", "-Wl,-rpath,$ORIGIN",
                 "-o", ours + "/build-image"])
            self.driver = self.work + "/ours/build-image"
        with open(self.temporary + "/compile.scm", "w", encoding="utf-8") as file:
            file.write(COMPILE)
        self.guile = bool(root_has(self.root, "guile"))
        if self.guile:
            run(self.command("guile", "-L", self.work + "/ours/guile",
                             self.work + "/compile.scm",
                             self.work + "/ours/guile",
                             self.work + "/ours/compiled"))

    def command(self, *words, **environment):
        """The words to run a command by in this place."""
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "HOME": self.work, "TMPDIR": self.work,
                       "GUILE_AUTO_COMPILE": "0", **environment}
        settings = [f"{name}={value}" for name, value in environment.items()]
        chroot = ["chroot", self.root] if self.root else []
        return [*chroot, "env", "-i", *settings, *words]

    def build_with_ours(self, image, listing, layers, compressor):
        ours = self.work + "/ours"
        return self.command("guile", "-s", self.work + "/build-image.scm", "ours",
                            image, listing, str(layers), *compressor,
                            GUILE_LOAD_PATH=ours + "/guile",
                            GUILE_LOAD_COMPILED_PATH=ours + "/compiled",
                            GUIX_DOCKER_LIBRARY=ours + "/libguix_docker.so.0")

    def build_with_program(self, image, listing, layers, compressor):
        options = ["--max-layers", str(layers)] if layers else []
        return self.command("xargs", "-a", listing, self.work + "/ours/guix-docker",
                            "build", "--output", image, *options, "--compressor",
                            " ".join(compressor) or "none")

    def build_from_c(self, image, listing, layers, compressor):
        return self.command("sh", "-c", 'list=$1; shift; exec "$@" <"$list"', "sh",
                            listing, self.work + "/ours/build-image", image,
                            str(layers), "0", *compressor)

    def build_with_reference(self, image, listing, layers, compressor):
        return self.command("guile", "-s", self.work + "/build-image.scm",
                            "reference", image, listing, str(layers), *compressor)

    def file(self, name):
        """A scratch file, as it is called in the place."""
        return f"{self.work}/{name}"

    def outside(self, name):
        """The same file, as it is called here."""
        return f"{self.temporary}/{name}"

    def list_items(self, items):
        """A file that lists the paths of ITEMS, a line each."""
        name = f"{os.path.basename(items.directory)}-{len(items.names)}.list"
        with open(self.outside(name), "w", encoding="utf-8") as file:
            for item in items.names:
                file.write(f"{self.store}/{os.path.basename(items.directory)}/{item}\n")
        return name

    def clean(self, *names):
        """Remove scratch files, and have disk and memory ready for the next
        program."""
        for name in names:
            if os.path.exists(self.outside(name)):
                os.unlink(self.outside(name))
        os.sync()
        touch_memory()

    def remove(self):
        """Remove all that was written.  Mounts end with the namespace."""
        shutil.rmtree(self.scratch, ignore_errors=True)


def root_has(root, program):
    return shutil.which(program, path=f"{root}/usr/bin:{root}/bin")


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)
