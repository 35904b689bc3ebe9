"""A small root file system with this machine's Python and a shell, for images that are built without a registry."""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

PROGRAMS = ("sh", "mkdir", "chmod", "env")
LIBRARIES = ("libstdc++.so.6", "libgcc_s.so.1", "libz.so.1")
LEFT_OUT = ("site-packages", "dist-packages", "test", "tests", "__pycache__", "config-*", "idlelib", "tkinter")


def made(root: Path) -> Path:
    """The folder filled: what ``python3 -m venv`` and wheels need, and a ``python3`` on the usual path."""
    prefix = Path(sys.base_prefix)
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    program, library = prefix / "bin" / name, Path(sysconfig.get_path("stdlib", vars={"installed_base": str(prefix)}))
    shutil.copytree(library, under(root, library), ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    for extra in (Path("/usr/share/python-wheels"), Path("/etc/ssl/certs")):
        if extra.is_dir():
            shutil.copytree(extra, under(root, extra), symlinks=True, ignore_dangling_symlinks=True)
    programs = [program, *(Path(shutil.which(each) or each) for each in PROGRAMS)]
    for each in programs:
        put(root, each)
    parts = [*programs, *library.rglob("*.so")]
    for each in {*needed(parts), *found_libraries()}:
        put(root, each)
    for folder in ("tmp", "proc", "sys", "dev", "etc", "usr/local/bin", "var/lib"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "usr" / "local" / "bin" / "python3").symlink_to(program)
    for each in PROGRAMS:
        usual = root / "bin" / each
        usual.parent.mkdir(exist_ok=True)
        if not usual.exists():
            usual.symlink_to(shutil.which(each) or each)
    return root


def under(root: Path, path: Path) -> Path:
    """Where a path of this machine stands below another root."""
    return root / path.relative_to("/")


def put(root: Path, path: Path) -> None:
    """Copy a file to its place, what it is a link to as well."""
    place = under(root, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, place)


def needed(files: Iterable[Path]) -> set[Path]:
    """The shared libraries of files, the dynamic linker among them."""
    said = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False).stdout
    return {Path(each) for each in re.findall(r"(?:=> |\t)(/\S+) \(0x", said)}


def found_libraries() -> set[Path]:
    """Libraries that wheels expect of every system."""
    said = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    found = map(Path, re.findall(r"\(libc6,x86-64\) => (\S+)", said))
    return {each for each in found if each.name in LIBRARIES}
