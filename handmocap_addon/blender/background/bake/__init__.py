"""Bakes the copy: pieces, exporters, the exact surface, the proof."""
