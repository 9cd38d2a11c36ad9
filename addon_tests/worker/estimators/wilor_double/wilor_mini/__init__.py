"""A double of the package `wilor_mini`, for tests; it holds none of its code."""
