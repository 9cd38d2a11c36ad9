"""Work on several threads, whatever the work is."""
