"""One contestant in a process of its own, so that its CPU and memory are nobody else's; prints what was measured."""

import json
import resource
import sys
from pathlib import Path

from webex_provision.sandbox import Profile
from webex_provision_tests.benchmarks.contestants import Plan, play


def _peak_bytes() -> int:
    """The most memory that was resident; getrusage would tell that of the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        kilobytes = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(kilobytes.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def main() -> None:
    """Reads the plan, plays, prints one line of JSON."""
    name, path = sys.argv[1:]
    told = json.loads(Path(path).read_text())
    plan = Plan(**told | {"profile": Profile(told["profile"])})
    sys.stdout.write(json.dumps(play(name, plan, _peak_bytes).as_dict()) + "\n")


if __name__ == "__main__":
    main()
