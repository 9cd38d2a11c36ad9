"""The hands that an estimator saw, as they are and as a file; nothing here cleans them."""
