"""The parts of a set-up: a Python, installers, downloads, licences, and WiLoR's own. Standard library only."""
