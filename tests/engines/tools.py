# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that the tools of others make: docker, buildx, buildah, podman, skopeo,
crane, ctr and umoci.

Each is an image of busybox; those that a Dockerfile makes have a layer in which
a directory became a symbolic link."""

import pathlib
import shutil

import engines
import handmade
from place import CommandFailed, machine, sid
from report import report

HOME = pathlib.Path("/mnt/tools")
CONTEXT = HOME / "context"
REGISTRY = "127.0.0.1:5004"
AMD64 = "linux/amd64"
DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "sh", "-c", "cd /bin && for i in sh cat rm ln mkdir; do /bin/busybox ln -s \
busybox $i; done"]
RUN mkdir /d /e && echo x >/d/x && ln /d/x /d/hard && echo e >/e/e && echo base >/base
RUN rm -rf /d && ln -s e /d && rm /e/e
CMD ["cat", "/base"]
"""
PLAIN = "FROM scratch\nCOPY busybox /bin/busybox\n"
BUILDAH = ["buildah", "--root", HOME / "buildah/root", "--runroot", HOME / "buildah/run"]


class Made:
    """An image in FILE; NAME and PLATFORM tell it from others of the file, RUNS is
    true where what is built on top of it is to be run, too."""

    def __init__(self, title, file, name=None, platform=None, runs=False):
        self.title, self.file, self.runs = title, HOME / file, runs
        self.name, self.platform = name, platform

    def selection(self):
        """Options of inspect and diff."""
        return [*(["--name", self.name] if self.name else []),
                *(["--platform", self.platform] if self.platform else [])]

    def busybox(self):
        """Where the image has busybox."""
        return "/busybox" if self.file.name in ("c-append.tar", "c-layer") else "/bin/busybox"


def context():
    """The files that images are built of."""
    CONTEXT.mkdir(parents=True)
    sid.run("cp", "/bin/busybox", CONTEXT / "busybox")
    (CONTEXT / "Dockerfile").write_text(DOCKERFILE)
    (CONTEXT / "Dockerfile.plain").write_text(PLAIN)
    sid.run("tar", "-C", CONTEXT, "-cf", HOME / "layer.tar", "busybox")


def docker(engine, title):
    """docker build and docker save, without BuildKit."""
    engine.place.run("env", "DOCKER_BUILDKIT=0", "docker", "-H", f"unix://{engine.home}/sock",
                     "build", "--network=none", "-t", "tools:1", CONTEXT)
    engine.docker("save", "-o", HOME / f"{title}.tar", "tools:1")
    yield Made(f"docker save, {title}", f"{title}.tar", runs=True)


def buildx(engine, title):
    """BuildKit, which adds provenance where the store holds it."""
    def build(name, *options, dockerfile="Dockerfile"):
        engine.docker("buildx", "build", "--network=none", "-t", f"tools:{name}",
                      "-f", CONTEXT / dockerfile, *options, CONTEXT)

    build("x")
    engine.docker("save", "-o", HOME / f"{title}-x.tar", "tools:x")
    yield Made(f"docker save of buildx's, {title}", f"{title}-x.tar", runs=True)
    if not engine.containerd_store:
        return
    both = "--platform=linux/amd64,linux/arm64"
    for name, options, dockerfile in (
            ("oci", [], "Dockerfile"), ("provenance", ["--provenance=mode=max"], "Dockerfile"),
            ("zstd", ["compression=zstd,force-compression=true"], "Dockerfile"),
            ("two", [both], "Dockerfile.plain")):
        output = ",".join(["type=oci", f"dest={HOME}/{title}-{name}.tar"]
                          + [each for each in options if not each.startswith("-")])
        build(name, *(each for each in options if each.startswith("-")), "-o", output,
              dockerfile=dockerfile)
        yield Made(f"buildx to an OCI archive, {name}", f"{title}-{name}.tar",
                   platform=AMD64 if name == "two" else None, runs=name in ("provenance", "two"))
    build("d", "-o", f"type=docker,dest={HOME}/{title}-docker.tar")
    yield Made("buildx to a Docker archive", f"{title}-docker.tar")
    build("two", both, "--load", dockerfile="Dockerfile.plain")
    engine.docker("save", "-o", HOME / f"{title}-load.tar", "tools:two")
    yield Made("docker save of two platforms", f"{title}-load.tar", platform=AMD64)
    engine.docker("save", "--platform=linux/amd64", "-o", HOME / f"{title}-amd64.tar", "tools:two")
    yield Made("docker save of one of two platforms", f"{title}-amd64.tar", runs=True)


def buildah():
    container = sid.run(*BUILDAH, "from", *engines.LIMITS,
                        f"docker-archive:{HOME}/docker-20.tar").strip()
    sid.run(*BUILDAH, "copy", container, CONTEXT / "Dockerfile", "/added")
    sid.run(*BUILDAH, "commit", container, "localhost/tools:1")
    for kind, target, more in (("docker-archive", "b-docker.tar:localhost/tools:1", []),
                               ("docker-archive", "b-unnamed.tar", []),
                               ("oci-archive", "b-oci.tar:1", []), ("oci", "b-oci:1", []),
                               ("oci-archive", "b-chunked.tar:1",
                                ["--compression-format=zstd:chunked", "--force-compression"])):
        sid.run(*BUILDAH, "push", *more, "localhost/tools:1", f"{kind}:{HOME}/{target}")
        file = target.split(":")[0]
        yield Made(f"buildah push, {file}", file, runs=file in ("b-docker.tar", "b-chunked.tar"))
    sid.run(*BUILDAH, "manifest", "create", "list", "localhost/tools:1")
    sid.run(*BUILDAH, "manifest", "push", "--all", "list", f"oci-archive:{HOME}/b-list.tar:1")
    yield Made("buildah manifest push", "b-list.tar")


def podman():
    engine = engines.Podman(sid, "toolsp")
    engine.start()
    engine.podman("load", "-i", HOME / "docker-20.tar")
    engine.podman("load", "-i", HOME / "docker-28-x.tar")
    for kind in ("docker-archive", "oci-archive", "oci-dir"):
        engine.podman("save", "--format", kind, "-o", HOME / f"p-{kind}", "tools:1")
        yield Made(f"podman save, {kind}", f"p-{kind}", runs=kind == "docker-archive")
    engine.podman("save", "-m", "-o", HOME / "p-several", "tools:1", "tools:x")
    yield Made("podman save of several", "p-several", name="localhost/tools:1")


def skopeo():
    def copy(source, target, *options):
        sid.run("skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", *options,
                source, target)

    copy(f"oci-archive:{HOME}/docker-28c-two.tar", f"docker://{REGISTRY}/two:1", "--all")
    copy(f"docker-archive:{HOME}/docker-20.tar", f"docker://{REGISTRY}/one:1")
    two = f"docker://{REGISTRY}/two:1"
    copy(two, f"oci:{HOME}/s-all:x", "--all")
    yield Made("skopeo copy --all", "s-all", platform=AMD64, runs=True)
    copy(two, f"oci-archive:{HOME}/s-system.tar:x", "--multi-arch=system")
    yield Made("skopeo copy of one system", "s-system.tar")
    # One manifest and the index that names it and others.
    copy(two, f"oci:{HOME}/s-index:one", "--multi-arch=system")
    copy(two, f"oci:{HOME}/s-index:x", "--multi-arch=index-only")
    yield Made("skopeo copy of an index alone", "s-index", name="x", runs=True)
    copy(f"docker://{REGISTRY}/one:1", f"docker-archive:{HOME}/s-docker.tar:tools:1")
    yield Made("skopeo copy to a Docker archive", "s-docker.tar")


def crane():
    def run(*arguments):
        sid.run("crane", arguments[0], "--insecure", *arguments[1:])

    for kind in ("oci", "tarball", "legacy"):
        run("pull", "--format", kind, f"{REGISTRY}/one:1", HOME / f"c-{kind}")
        yield Made(f"crane pull, {kind}", f"c-{kind}", runs=kind == "legacy")
    run("pull", "--format", "oci", f"{REGISTRY}/two:1", HOME / "c-two")
    yield Made("crane pull of two platforms", "c-two", platform=AMD64)
    run("append", "-f", HOME / "layer.tar", "-t", f"{REGISTRY}/layer:1", "-o", HOME / "c-append.tar")
    yield Made("crane append to nothing", "c-append.tar", runs=True)
    run("append", "--oci-empty-base", "-f", HOME / "layer.tar", "-t", f"{REGISTRY}/layer:1")
    run("pull", "--format", "oci", f"{REGISTRY}/layer:1", HOME / "c-layer")
    yield Made("crane append to nothing, of OCI", "c-layer")
    run("append", "-f", HOME / "layer.tar", "-b", f"{REGISTRY}/one:1", "-t", f"{REGISTRY}/more:1",
        "-o", HOME / "c-more.tar")
    yield Made("crane append to an image", "c-more.tar")
    sid.run("crane", "index", "append", "--insecure", "-m", f"{REGISTRY}/one:1",
            "-m", f"{REGISTRY}/layer:1", "-t", f"{REGISTRY}/index:1")
    run("pull", "--format", "oci", f"{REGISTRY}/index:1", HOME / "c-index")
    yield Made("crane index append", "c-index", platform=AMD64)
    run("flatten", f"{REGISTRY}/one:1", "-t", f"{REGISTRY}/flat:1")
    run("pull", f"{REGISTRY}/flat:1", HOME / "c-flat.tar")
    yield Made("crane flatten", "c-flat.tar")


def ctr():
    engine = engines.Containerd(sid, "toolst")
    engine.start()

    def export(file, *arguments):
        """Export until the archive is whole: ctr may end before its file has all
        that the daemon sends."""
        for last in [False] * 9 + [True]:
            engine.ctr("images", "export", *arguments[:-1], HOME / file, arguments[-1])
            try:
                return sid.run("tar", "-tf", HOME / file)
            except CommandFailed:
                if last:
                    raise

    try:
        engine.ctr("images", "pull", "--plain-http", "--platform", "linux/amd64",
                   f"{REGISTRY}/two:1")
        export("t-pulled.tar", f"{REGISTRY}/two:1")
        yield Made("ctr export of one platform of an index", "t-pulled.tar", runs=True)
        engine.ctr("images", "import", "--all-platforms", HOME / "docker-28c-two.tar")
        name = "docker.io/library/tools:two"
        export("t-amd64.tar", "--platform", "linux/amd64", name)
        yield Made("ctr export --platform", "t-amd64.tar")
        export("t-all.tar", "--all-platforms", name)
        yield Made("ctr export --all-platforms", "t-all.tar", platform=AMD64)
        engine.ctr("images", "import", HOME / "docker-20.tar")
        export("t-skip.tar", "--skip-manifest-json", "docker.io/library/tools:1")
        yield Made("ctr export --skip-manifest-json", "t-skip.tar")
    finally:
        engine.stop()


def umoci():
    layout, bundle = HOME / "u", HOME / "bundle"
    sid.run("umoci", "init", "--layout", layout)
    sid.run("umoci", "new", "--image", f"{layout}:1")
    sid.run("umoci", "unpack", "--image", f"{layout}:1", bundle)
    (bundle / "rootfs/bin").mkdir()
    sid.run("cp", CONTEXT / "busybox", bundle / "rootfs/bin/")
    (bundle / "rootfs/d").mkdir()
    (bundle / "rootfs/d/x").write_text("x\n")
    sid.run("umoci", "repack", "--image", f"{layout}:1", bundle)
    shutil.rmtree(bundle)
    sid.run("umoci", "unpack", "--image", f"{layout}:1", bundle)
    # Of a directory that became a link umoci deletes the files below the link,
    # too, and docker 20 and podman refuse that.
    (bundle / "rootfs/d/x").unlink()
    (bundle / "rootfs/link").symlink_to("bin")
    sid.run("umoci", "repack", "--image", f"{layout}:2", bundle)
    sid.run("umoci", "insert", "--image", f"{layout}:2", "--opaque", CONTEXT, "/context")
    yield Made("umoci repack", "u", name="1")
    yield Made("umoci repack and insert", "u", name="2", runs=True)


def by_hand():
    for name, file in handmade.write(HOME):
        yield Made(f"the form of {name}", file,
                   platform=AMD64 if name in ("ko", "several") else None)


def make():
    """Let all tools make their images; return those that were made."""
    made = []
    context()
    dockers = [("docker-20", engines.Docker(machine, "tools")),
               ("docker-28", engines.Docker(sid, "tools")),
               ("docker-28c", engines.Docker(sid, "toolsc", containerd_store=True))]
    steps = [(f"{maker.__name__} of {title}", engine, (maker, engine, title))
             for title, engine in dockers for maker in (docker, buildx)
             if maker is docker or engine.place is sid]
    steps += [(maker.__name__, None, (maker,))
              for maker in (buildah, podman, skopeo, crane, ctr, umoci, by_hand)]
    registry = sid.spawn(HOME / "registry.log", "crane", "registry", "serve",
                         "--address", REGISTRY)
    try:
        engines.wait_for(lambda: sid.run("crane", "catalog", "--insecure", REGISTRY))
        for _, engine in dockers:
            engine.start()
        for title, _, (maker, *arguments) in steps:
            try:
                made += maker(*arguments)
            except CommandFailed as failure:
                report.check(f"images of others: {title}", False, failure)
    finally:
        engines.stop_daemon(registry)
        for _, engine in dockers:
            engine.stop()
    return made

