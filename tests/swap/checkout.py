# SPDX-License-Identifier: GPL-3.0-or-later
"""guile/swap-into-guix, on the files of Guix 1.5.0 and on older ones.

usage: checkout.py WORK TOP LIBRARY [MODULES]

WORK is an empty directory, MODULES the directory with the source files of an
installed Guix.
"""

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from checks import check, skip  # noqa: E402
from forms import MODULE, OLDER_FORMS, UNKNOWN_TREES, tree_of  # noqa: E402
from project import LIBRARY, MODULES, Project, changed, read, snapshot, write  # noqa: E402

PACK = "guix/scripts/pack.scm"
IMAGE = "gnu/system/image.scm"
BACKUP = "guix/docker.scm.guix"
PACKAGE = "gnu/packages/guix-docker.scm"
PACKAGED_LIBRARY = "gnu/packages/guix-docker/libguix_docker.so.0"
INSTALLED = {**{name: f"guile/{name}" for name in MODULES},
             PACKAGE: "guile/package.scm",
             PACKAGED_LIBRARY: LIBRARY}
ELEMENT = b" (@ (gnu packages guix-docker) guix-docker)"
HERE = os.path.dirname(os.path.abspath(__file__))


class Suite:
    def __init__(self, work, top, library):
        self.work = work
        self.project = Project(os.path.join(work, "project"), top, library)
        self.count = 0

    def tree(self, files, name=None):
        """Return a new directory with FILES, a dictionary."""
        self.count += 1
        tree = os.path.join(self.work, name or f"tree {self.count}")
        for file, text in files.items():
            write(os.path.join(tree, file), text)
        return tree

    def swap(self, tree, *options, **keywords):
        return self.project.run("swap-into-guix", *options, tree, **keywords)

    def revert(self, tree, **keywords):
        return self.swap(tree, "--revert", **keywords)

    def refuses(self, name, tree, *words, options=(), **keywords):
        """Check that swapping TREE is refused with a message that has WORDS,
        and that nothing in it changes."""
        before = snapshot(tree)
        result = self.swap(tree, *options, **keywords)
        difference = changed(before, snapshot(tree))
        check(name, result.refused(*words) and not difference,
              f"{result}{difference}")

    def reverts(self, name, tree, before, **keywords):
        """Check that TREE becomes as it was BEFORE."""
        result = self.revert(tree, **keywords)
        after = snapshot(tree)
        check(name, result.status == 0 and after == before,
              f"{result}{changed(before, after)}")
        return result


def edited(text):
    """Return what the file with TEXT is to become."""
    use = re.search(rb"['`]\(\(guix docker\)", text).start()
    start = text.rindex(b"(with-extensions ", 0, use)
    json = text.index(b"guile-json", start)
    end = min(text.index(space, json) for space in (b" ", b"\n"))
    return (text[:start] + text[start:json].replace(b"(cons ", b"(cons* ")
            + text[json:end] + ELEMENT + text[end:])


def reads_as(old, new):
    """Return what is wrong with the Scheme file NEW, which is to be OLD with
    one more extension where (guix docker) is used."""
    result = subprocess.run(
        ["guile", "--no-auto-compile", "-s", os.path.join(HERE, "edited.scm"), old, new],
        env=dict(os.environ, LC_ALL="C.UTF-8"), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=600)
    return result.stdout.decode() if result.returncode else ""


def check_guix(suite, files):
    """The files of Guix 1.5.0."""
    before_tree = suite.tree(files, "before")
    tree = suite.tree(files, "a checkout, é")
    # The modes are not those of new files.
    for directory in before_tree, tree:
        os.chmod(os.path.join(directory, PACK), 0o640)
        os.chmod(os.path.join(directory, IMAGE), 0o755)
        os.chmod(os.path.join(directory, "guix/docker.scm"), 0o664)
    before = snapshot(tree)

    result = suite.swap(tree)
    after = snapshot(tree)
    difference = changed(before, after)
    check("1.5.0: a swap changes the files that it is to change, and no others",
          result.status == 0
          and difference == {PACK, IMAGE, BACKUP, *INSTALLED}, f"{result}{difference}")
    said = {line.split(None, 1)[1] for line in result.output.splitlines()}
    check("1.5.0: it says which ones", said == difference and not result.errors, result)
    for name, source in INSTALLED.items():
        check(f"1.5.0: {name} is the project's",
              after[name][1] == suite.project.read(source))
    check("1.5.0: Guix's module is kept", after[BACKUP][1] == before["guix/docker.scm"][1])
    for name in PACK, IMAGE:
        check(f"1.5.0: {name} has one more extension and is otherwise the same",
              after[name][1] == edited(before[name][1]))
        problem = reads_as(os.path.join(before_tree, name), os.path.join(tree, name))
        check(f"1.5.0: {name} reads as Scheme, with the extension where "
              "(guix docker) is used", not problem, problem)
    check("1.5.0: modes are kept",
          all(before[name][0] == after[name][0]
              for name in (PACK, IMAGE, "guix/docker.scm")))

    times = {name: os.lstat(os.path.join(tree, name)).st_mtime_ns for name in after}
    result = suite.swap(tree)
    check("a second swap changes nothing and says so",
          result.status == 0 and snapshot(tree) == after
          and result.output == "already swapped; nothing was changed\n"
          and times == {name: os.lstat(os.path.join(tree, name)).st_mtime_ns
                        for name in after}, result)

    write(suite.project.file(LIBRARY), b"another one")
    result = suite.swap(tree)
    check("a swap with a new library installs it alone",
          result.output == f"installed {PACKAGED_LIBRARY}\n"
          and read(os.path.join(tree, PACKAGED_LIBRARY)) == b"another one", result)

    # As 'make' leaves them.
    for name in MODULES | {PACKAGE}:
        write(os.path.join(tree, name.removesuffix(".scm") + ".go"), b"compiled")
    compiled = os.path.join(tree, "guix/docker.go")
    os.remove(suite.project.file(LIBRARY))
    result = suite.revert(tree)
    newer = (os.stat(os.path.join(tree, "guix/docker.scm")).st_mtime_ns
             >= os.stat(compiled).st_mtime_ns)
    os.remove(compiled)
    check("--revert brings back all files and modes, library or not",
          result.status == 0 and snapshot(tree) == before,
          f"{result}{changed(before, snapshot(tree))}")
    check("--revert makes what was compiled of our module outdated", newer)
    result = suite.reverts("a second --revert changes nothing", tree, before)
    check("a second --revert says so",
          result.output == "not swapped; nothing was changed\n", result)
    suite.refuses("a missing library is refused", tree, LIBRARY,
                  "cargo build", "GUIX_DOCKER_LIBRARY")
    return before


def check_edits_between(suite, files):
    """What others do to the checkout between swap and revert."""
    tree = suite.tree(files)
    suite.swap(tree)
    names = PACK, IMAGE
    for name in names:
        text = read(os.path.join(tree, name)).replace(b"manifest", b"manif\xffst")
        write(os.path.join(tree, name), b";; an edit above\n" + text + b"(edit below)\n")
    write(os.path.join(tree, "guix/docker/notes"), b"mine")
    want = {name: read(os.path.join(tree, name)).replace(ELEMENT, b"").replace(
        b"(cons* guile-json", b"(cons guile-json") for name in names}
    result = suite.revert(tree)
    check("--revert keeps other edits",
          result.status == 0
          and all(read(os.path.join(tree, name)) == want[name] for name in names), result)
    check("--revert keeps a file that is not the project's",
          changed(snapshot(suite.tree(files)), snapshot(tree))
          == {PACK, IMAGE, "guix/docker/notes"})

    tree = suite.tree(files)
    suite.swap(tree)
    newer = files["guix/docker.scm"] + b";; newer\n"
    write(os.path.join(tree, "guix/docker.scm"), newer)
    result = suite.swap(tree)
    check("a swap of a Guix that was updated since keeps the newer module",
          result.status == 0 and read(os.path.join(tree, BACKUP)) == newer, result)
    suite.revert(tree)
    check("--revert brings that one back",
          read(os.path.join(tree, "guix/docker.scm")) == newer)

    tree = suite.tree(files)
    suite.swap(tree)
    os.remove(os.path.join(tree, BACKUP))
    suite.refuses("--revert without the module that was kept is refused", tree,
                  BACKUP, "nothing was changed", options=["--revert"])

    tree = suite.tree(files)
    suite.swap(tree)
    text = read(os.path.join(tree, PACK))
    write(os.path.join(tree, PACK), text.replace(ELEMENT, b"\n" + ELEMENT))
    suite.refuses("--revert of an edit that was edited is refused", tree,
                  PACK, "nothing was changed", options=["--revert"])


def check_forms(suite):
    """Older forms of the two lines, and unknown ones."""
    for number, (name, pack, image) in enumerate(OLDER_FORMS):
        files = tree_of(pack, image)
        tree = suite.tree(files)
        old = suite.tree(files)
        before = snapshot(tree)
        # Guile must not take the files for text in the locale.
        variables = {"LC_ALL": "C"} if number % 2 else None
        result = suite.swap(tree, variables=variables)
        problems = [file for file, text in ((PACK, pack), (IMAGE, image))
                    if read(os.path.join(tree, file)) != edited(text)]
        problems += [reads_as(os.path.join(old, file), os.path.join(tree, file))
                     for file in (PACK, IMAGE)]
        check(f"{name}: swapped", result.status == 0 and not any(problems),
              f"{result}{problems}")
        again = suite.swap(tree)
        check(f"{name}: swapped once", "nothing was changed" in again.output, again)
        suite.reverts(f"{name}: reverted", tree, before, variables=variables)
    for name, files, word in UNKNOWN_TREES:
        suite.refuses(f"{name}: refused", suite.tree(files), word, "nothing was changed")


def check_refusals(suite, files):
    suite.refuses("a directory that is no Guix checkout is refused",
                  suite.tree({"README": b"Guix"}), "no Guix checkout")
    for missing in "guix/docker.scm", PACK, IMAGE:
        suite.refuses(f"a tree without {missing} is refused",
                      suite.tree({name: text for name, text in files.items()
                                  if name != missing}), missing)
    suite.refuses("--revert in a directory that is no Guix checkout is refused",
                  suite.tree({"guix/docker.scm": MODULE, "guix/docker/ffi.scm": b"mine"}),
                  "no Guix checkout", options=["--revert"])
    result = suite.swap(os.path.join(suite.work, "nowhere"))
    check("a directory that is not there is refused", result.refused("nowhere"), result)

    tree = suite.tree(files)
    suite.refuses("GUIX_DOCKER_LIBRARY that is not there is refused", tree,
                  "missing/library.so", variables={"GUIX_DOCKER_LIBRARY": "missing/library.so"})
    for name, arguments in (("no argument", []), ("two checkouts", [tree, tree]),
                            ("an unknown option", ["--undo", tree]),
                            ("an option in place of the checkout", ["--undo"]),
                            ("--revert alone", ["--revert"])):
        before = snapshot(tree)
        result = suite.project.run("swap-into-guix", *arguments)
        check(f"{name}: usage", result.refused("usage:", status=2)
              and snapshot(tree) == before, result)

    # That the last directory is read-only must not be found out after the first
    # file has been written.
    user = ({"user": 65534, "group": 65534, "extra_groups": []}
            if os.geteuid() == 0 else {})
    for name in "", "guix", "gnu/system":
        tree = suite.tree(files)
        for where, _, _ in os.walk(tree):
            read_only = where == os.path.join(tree, name) or not name
            os.chmod(where, 0o555 if read_only else 0o777)
        suite.refuses(f"a checkout with {name or 'all of it'} read-only is refused",
                      tree, "cannot be written", **user)
        for where, _, _ in os.walk(tree):
            os.chmod(where, 0o755)


def check_places(suite, files):
    """From wherever, by whatever name."""
    tree = suite.tree(files)
    before = snapshot(tree)
    library = os.path.join(suite.work, "library")
    write(library, b"by a relative name")
    link = os.path.join(suite.work, "link")
    os.symlink(suite.project.file("guile/swap-into-guix"), link)
    result = suite.project.run(link, os.path.basename(tree) + "/", cwd=suite.work,
                               variables={"GUIX_DOCKER_LIBRARY": "library"})
    check("by a symbolic link, with relative names of checkout and library",
          result.status == 0
          and read(os.path.join(tree, PACKAGED_LIBRARY)) == b"by a relative name"
          and read(os.path.join(tree, PACKAGE)) == suite.project.read("guile/package.scm"),
          result)
    suite.reverts("--revert with an empty GUIX_DOCKER_LIBRARY", tree, before,
                  variables={"GUIX_DOCKER_LIBRARY": ""})


def main(work, top, library, modules=None):
    suite = Suite(work, top, library)
    if modules:
        files = {name: read(os.path.join(modules, name))
                 for name in ("guix/docker.scm", PACK, "guix/scripts/system.scm",
                              IMAGE, "gnu/packages/bash.scm")}
        check_guix(suite, files)
        shutil.copy(library, suite.project.file(LIBRARY))
        check_edits_between(suite, files)
    else:
        skip("the files of Guix 1.5.0", "they are not there")
        (_, pack, image) = OLDER_FORMS[0]
        files = tree_of(pack, image)
    check_forms(suite)
    check_refusals(suite, files)
    check_places(suite, files)


main(*sys.argv[1:])
