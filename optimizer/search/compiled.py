"""How every kernel of the search is compiled."""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

__all__ = ["compiled", "compiled_into"]

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def compiled(kernel: Kernel) -> Kernel:
    """Return the kernel compiled to machine code at its first call, kept on disk, free of Python's lock.

    Kernels never allocate, and saying so (`_nrt=False`) takes reference counting out of every call that hands the
    arrays on: a route evaluation became ten times faster. An allocation by mistake is a compile error.
    """
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
    done: Kernel = njit(**options)(kernel)
    return done


def compiled_into(kernel: Kernel) -> Kernel:
    """Return the kernel compiled into each of its callers, for small ones on the search's hottest ways.

    A call hands over every array of a problem one by one, some hundreds of machine words: dearer than what it calls.
    """
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False, "forceinline": True}
    done: Kernel = njit(**options)(kernel)
    return done
