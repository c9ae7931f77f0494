"""What the fork server holds ready: a notebook's imports, and each library's first use.

Importing this module is all that :mod:`.forks` asks of the fork server before it forks. A use that
starts a thread, such as reading Parquet, does not belong here: a fork would inherit the locks of a
thread that it does not have.
"""

import atexit
import builtins
import gc
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing import forkserver
from pathlib import Path

KERNEL = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",  # with debugpy, most of what a kernel imports on starting
    "ipykernel.kernelapp",
    "nbformat",  # which plotly asks for when it shows a figure
    "sqlite3",
    "tornado.platform.asyncio",
    "tornado.queues",
    "ostwerk_analysis.pipeline.forks",
)
LIBRARIES = (
    "esda",  # with libpysal, scikit-learn and scipy.stats: a second of every kernel that uses it
    "geopandas",
    "ipywidgets",
    "numpy",
    "pandas",
    "plotly.graph_objects",
    "plotly.io._renderers",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "shapely",
)
ROOMS = (
    "ostwerk_analysis.dashboard.assumptions",
    "ostwerk_analysis.figures",
    "ostwerk_analysis.indicators",
    "ostwerk_analysis.loading",
    "ostwerk_analysis.release",
)


def warm() -> None:
    """Import everything and use it once: what every kernel then is spared."""
    gc.disable()  # a collection finds nothing while modules are being imported
    # pydevd, which a kernel imports, would warn of frozen modules on standard error.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    # Arrow's own pool keeps what it has once had: 15 MB of every kernel that reads a table.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    for name in KERNEL:
        import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm would like widgets for bars that nobody shows
        import_module("tqdm.auto")  # which esda imports
    with _in_a_shell():
        for name in LIBRARIES:
            import_module(name)
        for name in ROOMS:
            with suppress(Exception):  # which the notebook that imports it will show in its cell
                import_module(name)
    _use_once()
    gc.freeze()  # what is here now stays, so no collection in a kernel searches and copies it
    gc.enable()


@contextmanager
def _in_a_shell() -> Iterator[None]:
    """Let libraries believe, while they are imported, that a notebook's shell is there.

    Some choose then how they show things: without it, in every kernel forked later, pandas would
    fit tables to a terminal and plotly would print figures as text.
    """
    from ipykernel.zmqshell import ZMQInteractiveShell

    shell = ZMQInteractiveShell.__new__(ZMQInteractiveShell)
    for kind in ZMQInteractiveShell._walk_mro():
        kind._instance = shell  # type: ignore[assignment]
    builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]
        ZMQInteractiveShell.clear_instance()


def _use_once() -> None:
    """Use what builds its tables when it is first used, on the smallest examples."""
    import geopandas as gpd
    import pandas as pd
    import plotly.graph_objects as go
    import shapely

    frame = pd.DataFrame({"area_id": ["01", "02"], "value": [1.0, float("nan")]})
    frame["period"] = pd.period_range("2026Q1", periods=2, freq="Q").astype("str")
    frame.pivot_table(index="period", columns="area_id", values="value", aggfunc="sum")
    frame.groupby("area_id").sum().merge(frame, on="area_id")._repr_html_()
    squares = shapely.box([0, 1], [0, 0], [1, 2], [1, 1])
    areas = gpd.GeoDataFrame(frame, geometry=squares, crs="EPSG:25833")
    areas.set_geometry(areas.centroid).sjoin(areas[["geometry"]]).to_crs(4326)
    areas.dissolve("area_id").to_json()
    for trace in (go.Bar, go.Scatter, go.Heatmap):
        figure = go.Figure(trace(x=frame["period"], y=frame["value"]))
        figure.update_layout(title="", xaxis_title="", yaxis_title="", legend={}, margin={})
        figure._repr_mimebundle_()


def sweep() -> None:
    """Remove the sockets of a process that was killed; one that ends by itself has done so."""
    address = forkserver._forkserver._forkserver_address  # type: ignore[attr-defined]
    if address:
        shutil.rmtree(Path(address).parent, ignore_errors=True)


warm()
atexit.register(sweep)
