"""The commands of the worker, one file each, with the steps of `estimate`."""
