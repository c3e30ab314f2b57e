"""Which machine this is, and which file systems other machines may share with it."""

import os
import re
import socket
from pathlib import Path

HOST_VARIABLE = "WEBEX_PROVISION_HOST"
ONE_MACHINE_VARIABLE = "WEBEX_PROVISION_ONE_MACHINE"
_MACHINE_ID = Path("/etc/machine-id")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MOUNTS = Path("/proc/self/mountinfo")
_PROCESSES = Path("/proc")
_BEGAN = 19  # where starttime stands behind the command's name, which is in brackets and may hold blanks
# By the names that Linux gives them. Over FUSE also run things of one machine alone: an NTFS disk, a desktop's portal.
_OVER_THE_NETWORK = re.compile(
    r"nfs4?|cifs|smb3|smbfs|ncpfs|afs|ceph|glusterfs|lustre|gpfs|beegfs|orangefs|pvfs2"
    r"|fuse\.(sshfs|glusterfs|ceph|ceph-fuse|s3fs|rclone|gcsfuse|goofys|geesefs|juicefs.*|blobfuse2?|davfs|curlftpfs)"
)


def host_name() -> str:
    """WEBEX_PROVISION_HOST (for containers, whose own names come and go), else the name of this host."""
    return os.environ.get(HOST_VARIABLE, "") or socket.gethostname()


def machine_id() -> str:
    """What stays the same when the host is renamed; empty where the system has no such thing, or a name was chosen."""
    return "" if os.environ.get(HOST_VARIABLE) else _content(_MACHINE_ID)


def boot_id() -> str:
    """The running kernel, within which its locks reach, over all containers; empty as for `machine_id`."""
    return "" if os.environ.get(HOST_VARIABLE) else _content(_BOOT_ID)


def process_began(pid: int) -> str:
    """When a process of this machine began, in ticks of its kernel; empty where there is none, or nobody can tell."""
    fields = _content(_PROCESSES / str(pid) / "stat").rpartition(") ")[2].split(" ")
    return fields[_BEGAN] if len(fields) > _BEGAN else ""


def is_here(host: str, machine: str, boot: str) -> bool:
    """Whether a note with these was written on this machine. A name alone may change (DHCP), an id may be copied."""
    if boot and boot == boot_id():
        return True
    mine = machine_id()
    return host == host_name() and (not machine or not mine or machine == mine)


def network_file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """The type of the network file system on which `path` lies or would lie; empty: on none, or nobody can tell."""
    place = path.resolve()
    found, length = "", -1
    for line in _content(mounts).splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4]))
        # Of two mounts on one point the later one hides the earlier.
        if place.is_relative_to(point) and len(point.parts) >= length:
            found, length = after.split(" ")[0], len(point.parts)
    return found if _OVER_THE_NETWORK.fullmatch(found) else ""


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
