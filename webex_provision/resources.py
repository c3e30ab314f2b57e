"""Files that come with the program: found in a checkout where people read them, in a wheel inside the package.

A resource is named by its path in the repository: `data/sample_with_mistakes.csv`, `dagster.yaml`.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_IN_WHEEL = _PACKAGE / "_resources"


def resource(name: str) -> Path:
    """Where a resource stands. Raises FileNotFoundError naming the places that were looked at."""
    places = (_IN_WHEEL / name, _PACKAGE.parent / name)
    for place in places:
        if place.is_file():
            return place
    looked = " and ".join(str(place) for place in places)
    raise FileNotFoundError(f"{name} is neither at {looked}: the installation is incomplete, install it again")
