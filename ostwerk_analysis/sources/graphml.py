"""Networks in GraphML, as OSMnx and networkx write them: their nodes, or their edges.

Which of the two is read follows from the table that the source fills, so one file fills both. The
columns of the file are the names of the attributes (``length``, ``highway``, ``osmid``), with
``id`` and, for edges, ``source`` and ``target``; so ``where`` can pick the footpaths of a network.
Of the shape of an edge nothing is kept: its length is what counts.
"""

from pathlib import Path
from xml.parsers import expat

import numpy as np
import pandas as pd
import pyarrow as pa
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from ..faults import DataError
from ..programme import Source
from .raw import RESERVED, RawTable, asked_for, damaged, named, put_aside, read_bytes
from .typed import number_text

WGS84 = "EPSG:4326"
NAMES = {
    "network_nodes": {"node_id": ("id",), "lon": ("lon",), "lat": ("lat",)},
    "network_edges": {
        "from_id": ("source",),
        "to_id": ("target",),
        "edge_key": ("id",),
        "length_m": ("length",),
    },
}
"""Table = its columns and how GraphML, or OSMnx in it, calls them."""
_OWN = {"node": ("id",), "edge": ("id", "source", "target")}
"""Element = the attributes of XML that are its own."""


def read(source: Source, path: Path) -> RawTable:
    """Read the nodes or edges of a GraphML file; ``_line`` is the line of the element.

    Coordinates ``x`` and ``y`` are taken to be in the system that the file names, as OSMnx's do,
    or else ``crs`` of the source; they become ``lon`` and ``lat``.

    Raises
    ------
    DataError
        If it fills a table that is no network, is no GraphML, is damaged, declares entities, has
        no such element, or its coordinates are in a system that nobody states.
    """
    if source.table not in NAMES:
        raise DataError(
            "{file} is GraphML, which fills the tables network_nodes and network_edges only. "
            "Correct table in programme.toml.",
            file=source.path,
        )
    kind = "node" if source.table == "network_nodes" else "edge"
    elements, graph = _elements(source, read_bytes(source, path), kind)
    if not elements:
        raise DataError(
            "{file}: the network has no {kind}. Export it again.", file=source.path, kind=kind
        )
    frame = pd.DataFrame(elements)
    texts = frame.columns.drop("_line")
    frame[texts] = frame[texts].astype("str").apply(lambda cells: cells.str.strip())
    frame = frame.replace({name: {"": None} for name in texts})
    frame = _in_degrees(frame, source, graph) if kind == "node" else _measured(frame)
    faults, aside = put_aside(source, path, [], [], "cells")
    raw = asked_for(RawTable(frame, faults, aside), source)
    return named(raw, source, NAMES[source.table])


def _elements(source: Source, data: bytes, kind: str) -> tuple[list[dict], dict[str, str]]:
    """Give the elements of one kind with their attributes, and the attributes of the graph.

    A document type is refused before it is read, since entities declared in it can make a small
    file fill any memory.
    """
    names: dict[str, str] = {}
    defaults: dict[str, str] = {}
    elements: list[dict] = []
    graph: dict[str, str] = {}
    open_tags: list[str] = []
    bearer: list[dict] = []  # what data belong to: the graph, or a node or edge in it
    key, text = "", [""]

    def start(tag: str, given: dict[str, str]) -> None:
        nonlocal key
        local = tag.rpartition(":")[2]
        if not open_tags and local != "graphml":
            raise _NotPlainError
        open_tags.append(local)
        if local == "key":
            key = given.get("id", "")
            names[key] = given.get("attr.name", key)
        elif local == "graph":
            bearer.append(graph)
        elif local in _OWN:
            own = {name: given.get(name, "") for name in _OWN[local]}
            element = {"_line": parser.CurrentLineNumber} | defaults | own
            bearer.append(element)
            if local == kind:
                elements.append(element)
        elif local in ("data", "default"):
            key = given.get("key", key)
            text[:] = [""]

    def end(tag: str) -> None:
        local = open_tags.pop()
        name = names.get(key, key)
        if local == "data" and bearer and name not in (*_OWN[kind], *RESERVED):
            bearer[-1][name] = "".join(text)
        elif local == "default" and name not in (*_OWN[kind], *RESERVED):
            defaults[name] = "".join(text)
        elif local == "graph" or local in _OWN:
            bearer.pop()

    def doctype(*_: object) -> None:
        raise _NotPlainError

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError) as error:
        raise damaged(source, error) from None
    except _NotPlainError:
        raise DataError(
            "{file} is no plain GraphML: it begins otherwise, or declares a document type, which "
            "is not read. Save the network with OSMnx or networkx.",
            file=source.path,
        ) from None
    return elements, graph


class _NotPlainError(Exception):
    """The file is not what it is said to be."""


def _in_degrees(nodes: pd.DataFrame, source: Source, graph: dict[str, str]) -> pd.DataFrame:
    """Give nodes their longitude and latitude; those without coordinates stay without."""
    if not {"x", "y"} <= {*nodes}:
        return nodes
    x, y = (pd.to_numeric(nodes[name], errors="coerce").to_numpy(float) for name in ("x", "y"))
    stated = source.crs or graph.get("crs", "")
    if not stated and np.nanmax(np.abs([x, y]), initial=0) > 180:
        raise DataError(
            "{file} does not say in which coordinate system its nodes are. State crs of the "
            "source, such as EPSG:25833.",
            file=source.path,
        )
    try:
        crs = CRS.from_user_input(stated or WGS84)
    except CRSError:
        raise DataError(
            "{file}: the coordinate system {crs!r} is not known. State crs of the source, such as "
            "EPSG:25833.",
            file=source.path,
            crs=stated,
        ) from None
    lon, lat = Transformer.from_crs(crs, WGS84, always_xy=True).transform(x, y)
    lon, lat = (np.where(np.isfinite(one), one, np.nan) for one in (lon, lat))
    return nodes.assign(lon=_written(lon), lat=_written(lat))


def _measured(edges: pd.DataFrame) -> pd.DataFrame:
    """Write lengths so that ``26.315`` is no thousand; what is no number stays as it stands."""
    if "length" not in edges:
        return edges
    length = pd.to_numeric(edges["length"], errors="coerce")
    return edges.assign(length=_written(length.to_numpy(float)).fillna(edges["length"]))


def _written(values: np.ndarray) -> pd.Series:
    return number_text(pa.array(values, from_pandas=True)).to_pandas().astype("str")
