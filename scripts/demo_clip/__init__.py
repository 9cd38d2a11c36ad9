"""Makes the demo clip and the truth beside it. Run as modules from the top of the checkout; see render.py."""
