"""A double of the few names of `torch` that the WiLoR estimator uses, for tests; it computes nothing."""

import contextlib
import os
from types import SimpleNamespace

import numpy as np

has_cuda = False  # tests set this
loads = []  # every call of `load`: its map_location, and whether full pickles were allowed
emptied = []  # one entry for every call of `cuda.empty_cache`
keeps_gradients = True  # what a network answers then holds on to all that it computed
float16, float32 = "float16", "float32"


class OutOfMemoryError(RuntimeError):
    pass


class Tensor:
    """The calls between an array and a network, and back."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.shape = self.values.shape

    def to(self, device, dtype):
        assert device.type in ("cpu", "cuda")
        return Tensor(self.values.astype(dtype))

    def detach(self):
        return self

    def cpu(self):
        return self

    def float(self):
        return Tensor(self.values.astype(np.float32))

    def numpy(self):
        return self.values


def device(name):
    return SimpleNamespace(type=name)


def from_numpy(values):
    return Tensor(values)


@contextlib.contextmanager
def no_grad():
    global keeps_gradients
    keeps_gradients = False
    try:
        yield
    finally:
        keeps_gradients = True


def load(file, map_location=None):
    loads.append((map_location, os.environ.get("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD") == "1"))


cuda = SimpleNamespace(
    is_available=lambda: has_cuda, empty_cache=lambda: emptied.append(True), OutOfMemoryError=OutOfMemoryError
)
