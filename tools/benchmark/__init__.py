"""How far hands are from clips whose every pose is known: `handmocap.py benchmark accuracy`, in the worker's Python."""
