"""How a check says that a promise of the product does not hold."""


class BrokenPromise(AssertionError):
    """A promise of the product does not hold."""


def require(holds: object, message: str) -> None:
    if not holds:
        raise BrokenPromise(message)
