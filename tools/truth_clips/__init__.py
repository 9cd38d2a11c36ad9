"""Makes the clips with known truth: the demo's and the accuracy benchmark's.

Run as modules from the top of the checkout: write_truth.py, render.py, encode.py. Each clip's choreography is in `clips`.
"""
