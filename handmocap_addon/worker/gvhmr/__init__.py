"""GVHMR's own program as a stage of the work: how it is started, what its words mean, and the result that it leaves."""
