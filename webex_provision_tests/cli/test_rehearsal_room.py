"""A sandbox is seeded from a workbook as from a CSV."""

from pathlib import Path

from webex_provision.console.rehearsal_room import as_csv
from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision.workbook_template import workbook_template


def test_a_workbook_seeds_a_tenant_with_its_people(tmp_path: Path) -> None:
    book = tmp_path / "site.xlsx"
    book.write_bytes(workbook_template(["user"]))
    with as_csv(book) as directory:
        assert directory is not None
        tenant = SandboxServer(SandboxConfig(seed_csv=directory)).tenant
    assert tenant.table("people").find("luis.vega@example.com") is not None
    assert not directory.exists()


def test_a_csv_seeds_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "site.csv"
    path.write_text("entity_type\n")
    with as_csv(path) as directory:
        assert directory == path
