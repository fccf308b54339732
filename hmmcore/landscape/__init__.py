"""The landscape that training climbs: the log-likelihood over a plane, and where it leads.

A `Plane` goes through the space of models along two of their numbers, or through three models.
`surface` is the log-likelihood over it, `hills` its summits and passes, `line` the log-likelihood
from one model to another, and `basins` where training ends from every point; `BasinSearch` finds
the same a little at a time. `optima` sorts where starts of any other kind ended.
"""

from hmmcore.coordinates import Coordinate, Scale, scale_of
from hmmcore.landscape.base import AnyPlane
from hmmcore.landscape.basin_map import OPEN, UNKNOWN, Basins
from hmmcore.landscape.estimate import estimated_seconds
from hmmcore.landscape.flooding import Hills, Pass, hills
from hmmcore.landscape.frames import optima_frame
from hmmcore.landscape.heights import surface
from hmmcore.landscape.plane import Plane
from hmmcore.landscape.search import BasinSearch, basins
from hmmcore.landscape.starts import Optima, Optimum, optima
from hmmcore.landscape.straight import Line, line
from hmmcore.landscape.through import ThroughModels

__all__ = [
    "OPEN",
    "UNKNOWN",
    "AnyPlane",
    "BasinSearch",
    "Basins",
    "Coordinate",
    "Hills",
    "Line",
    "Optima",
    "Optimum",
    "Pass",
    "Plane",
    "Scale",
    "ThroughModels",
    "basins",
    "estimated_seconds",
    "hills",
    "line",
    "optima",
    "optima_frame",
    "scale_of",
    "surface",
]
