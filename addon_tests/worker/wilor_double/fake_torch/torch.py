"""A double of the few names of `torch` that the WiLoR estimator uses, for tests; it computes nothing."""

import os
from types import SimpleNamespace

has_cuda = False  # tests set this
loads = []  # every call of `load`: its map_location, and whether full pickles were allowed


def device(name):
    return SimpleNamespace(type=name)


def load(file, map_location=None):
    loads.append((map_location, os.environ.get("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD") == "1"))


cuda = SimpleNamespace(is_available=lambda: has_cuda, empty_cache=lambda: None)
