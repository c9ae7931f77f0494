"""Dashboards: the map explorer, and Voilà serving a release's pages."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .explorer import explore
    from .server import serve

__all__ = ["explore", "serve"]


def __getattr__(name: str) -> Any:
    """Import the server only to serve: a notebook that explores does without it."""
    if name == "explore":
        from .explorer import explore

        return explore
    if name == "serve":
        from .server import serve

        return serve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
