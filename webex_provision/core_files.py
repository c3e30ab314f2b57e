"""A process that holds the token leaves no copy of its memory behind when it crashes."""

import resource


def forbid_core_files() -> None:
    """No core files of this process and of those it starts; the limit that an administrator has set stays."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
