"""Groups of mentions that lie together: communities of a graph of nearest neighbours.

Louvain's method (Blondel et al. 2008) answers a little differently from seed to seed. So many
answers are taken, and the graph of how often two neighbours were put together is cut again
(consensus clustering, Lancichinetti and Fortunato 2012).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sknetwork.clustering import Louvain

_NEIGHBOURS = 20
_ANSWERS = 30  # of Louvain's method that a consensus is made of
_ROUNDS = 2  # each on the graph of what the one before agreed on
_TOGETHER = 0.5  # share of the answers that must agree on a pair
_USUAL = 10_000  # mentions among which the resolution is the detail asked for; less among fewer
_BLOCK = 1024  # rows compared with all others at once


def nearest(rows: np.ndarray, others: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) places of the most alike among ``others``, in no order, and their likeness."""
    places = np.empty((len(rows), k), np.int64)
    likeness = np.empty((len(rows), k), np.float32)
    for start in range(0, len(rows), _BLOCK):
        part = rows[start : start + _BLOCK] @ others.T
        best = np.argpartition(-part, k - 1, axis=1)[:, :k]
        places[start : start + _BLOCK] = best
        likeness[start : start + _BLOCK] = np.take_along_axis(part, best, axis=1)
    return places, likeness


def neighbour_graph(rows: np.ndarray) -> sparse.csr_matrix:
    """(n, n) weights of each row's nearest others: 20, or fewer among few."""
    n = len(rows)
    k = int(min(_NEIGHBOURS, max(2, round(np.sqrt(n))), n - 1))
    places, likeness = nearest(rows, rows, k + 1)
    owners = np.repeat(np.arange(n), k + 1)
    others, weights = places.ravel(), np.clip(likeness.ravel(), 0, 1)
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
    pairs = sparse.triu(graph, 1).tocoo()
    for _ in range(_ROUNDS):
        answers = [
            Louvain(resolution=resolution, random_state=seed, shuffle_nodes=True).fit_predict(graph)
            for seed in range(_ANSWERS)
        ]
        together = np.mean([a[pairs.row] == a[pairs.col] for a in answers], axis=0)
        kept = together >= _TOGETHER
        if not kept.any():
            return np.arange(len(rows))
        agreed = (together[kept], (pairs.row[kept], pairs.col[kept]))
        graph = sparse.csr_matrix(agreed, graph.shape)
        graph = graph + graph.T
    return np.asarray(Louvain(resolution=resolution, random_state=0).fit_predict(graph))
