"""Groups of mentions that lie together: communities of a graph of nearest neighbours.

Louvain's method (Blondel et al. 2008) answers a little differently from seed to seed. So several
answers are taken; what all of them put together is a core, and the graph of cores is cut once more
(core groups, Ovelgönne and Geyer-Schulz 2012).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sknetwork.clustering import Louvain

_NEIGHBOURS, _FEWEST = 20, 5
_ANSWERS = 8  # of Louvain's method that must agree on a core
_USUAL = 10_000  # mentions among which the resolution is the detail asked for; less among fewer
_BLOCK = 1024  # rows compared with all others at once
_RUN = 16  # numbers of a row whose peak is looked at first


def nearest(rows: np.ndarray, others: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) places of the most alike among ``others``, in no order, and their likeness."""
    places = np.empty((len(rows), k), np.int64)
    likeness = np.empty((len(rows), k), np.float32)
    for start in range(0, len(rows), _BLOCK):
        part = rows[start : start + _BLOCK] @ others.T
        best = _largest(part, k)
        places[start : start + _BLOCK] = best
        likeness[start : start + _BLOCK] = np.take_along_axis(part, best, axis=1)
    return places, likeness


def _largest(rows: np.ndarray, k: int) -> np.ndarray:
    """(n, k) places of the largest k numbers of each row, in no order.

    Only the k runs of numbers with the largest peaks can hold them: those alone are looked through.
    """
    n, width = rows.shape
    step = width // _RUN  # a run is every so-manieth number: their peaks are found column by column
    if step <= k:
        return np.argpartition(-rows, k - 1, axis=1)[:, :k]
    peak = rows[:, : step * _RUN].reshape(n, _RUN, step).max(axis=1)
    runs = np.argpartition(-peak, k - 1, axis=1)[:, :k]
    left = np.arange(step * _RUN, width)  # too few for a run
    places = (runs[:, :, None] + step * np.arange(_RUN)).reshape(n, -1)
    places = np.hstack([places, np.broadcast_to(left, (n, len(left)))])
    best = np.argpartition(-np.take_along_axis(rows, places, axis=1), k - 1, axis=1)[:, :k]
    return np.take_along_axis(places, best, axis=1)


def neighbour_graph(rows: np.ndarray) -> sparse.csr_matrix:
    """(n, n) weights of each row's nearest others: 20 of them, or fewer among few; likeness squared."""
    n = len(rows)
    k = min(n - 1, int(np.clip(round(np.sqrt(n) / 2), _FEWEST, _NEIGHBOURS)))
    places, likeness = nearest(rows, rows, k + 1)
    owners = np.repeat(np.arange(n), k + 1)
    others, weights = places.ravel(), np.clip(likeness.ravel(), 0, 1) ** 2
    kept = (owners != others) & (weights > 0)
    graph = sparse.csr_matrix((weights[kept].astype(float), (owners[kept], others[kept])), (n, n))
    return graph + graph.T


def communities(rows: np.ndarray, detail: float) -> np.ndarray:
    """(n, d) unit rows to (n,) numbers of groups; more ``detail``, more groups.

    The resolution grows with the fourth root of n: among more mentions, finer matters recur.
    """
    if len(rows) < 3:
        return np.zeros(len(rows), int)
    graph = neighbour_graph(rows)
    if graph.nnz == 0:
        return np.arange(len(rows))
    resolution = detail * (len(rows) / _USUAL) ** 0.25
    answers = [_louvain(graph, resolution, seed) for seed in range(_ANSWERS)]
    _, cores = np.unique(np.stack(answers, axis=1), axis=0, return_inverse=True)
    cores = cores.ravel()
    member = sparse.csr_matrix((np.ones(len(cores)), (np.arange(len(cores)), cores)))
    return _louvain((member.T @ graph @ member).tocsr(), resolution, 0)[cores]


def _louvain(graph: sparse.csr_matrix, resolution: float, seed: int) -> np.ndarray:
    method = Louvain(resolution=resolution, random_state=seed, shuffle_nodes=True)
    return np.asarray(method.fit_predict(graph))
