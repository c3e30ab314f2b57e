"""Which machine this is, and which folders others may share: a laptop is not bothered, a network is not trusted."""

from pathlib import Path

import pytest

from webex_provision.clock import Clock
from webex_provision.ledger import locks, machines
from webex_provision.ledger.errors import LockOutOfReach
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.locks import FolderLock

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 27 0:30 / /srv/sites rw,relatime shared:9 master:1 - nfs4 store:/sites rw,vers=4.2
31 30 8:2 / /srv/sites/local rw - xfs /dev/sdb1 rw
32 27 0:31 / /mnt/with\\040space rw - cifs //store/x rw
33 27 0:32 / /mnt/windows rw - fuseblk /dev/sdc1 rw
34 27 0:33 / /mnt/bucket rw - fuse.s3fs s3fs rw
35 27 0:34 / /mnt/bucket rw - ext4 /dev/sdd1 rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/sites/madrid", "nfs4"),
        ("/srv/sites", "nfs4"),
        ("/srv/sites/local/madrid", ""),
        ("/srv/sites2", ""),
        ("/mnt/with space/x", "cifs"),
        ("/mnt/windows/x", ""),
        ("/mnt/bucket/x", ""),
        ("/home/ana/output", ""),
    ],
)
def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(path: str, kind: str, tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert machines.network_file_system(Path(path), mounts) == kind
    assert machines.network_file_system(Path(path), tmp_path / "none") == ""


def test_a_folder_on_the_network_is_refused_before_anything_is_made_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "network_file_system", lambda _: "nfs4")
    folder = RollOutFolder(tmp_path / "out")
    with pytest.raises(LockOutOfReach, match=r"network file system \(nfs4\).*DAGSTER_POSTGRES_URL"):
        FolderLock(folder, clock=Clock()).acquire()
    assert not folder.root.exists()
    monkeypatch.setenv(machines.ONE_MACHINE_VARIABLE, "true")
    with FolderLock(folder, clock=Clock()):
        pass


def test_a_machine_is_known_by_its_kernel_or_by_its_name_and_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(machines.HOST_VARIABLE, raising=False)
    name, machine, boot = machines.host_name(), machines.machine_id(), machines.boot_id()
    monkeypatch.setattr(machines, "machine_id", lambda: "id")
    monkeypatch.setattr(machines, "boot_id", lambda: "boot")
    assert name
    assert machines.is_here("renamed by dhcp", "id", "boot")
    assert machines.is_here(name, "id", "an earlier boot")
    assert machines.is_here(name, "", "")
    assert not machines.is_here("a clone", "id", "another boot")
    assert not machines.is_here(name, "another id", "another boot")
    monkeypatch.undo()
    monkeypatch.setenv(machines.HOST_VARIABLE, "chosen")
    assert (machines.host_name(), machines.machine_id(), machines.boot_id()) == ("chosen", "", "")
    assert not machines.is_here(name, machine, boot)
