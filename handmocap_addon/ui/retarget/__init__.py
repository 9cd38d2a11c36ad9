"""The fingers on another rig."""
