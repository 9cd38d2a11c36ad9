"""What this process is for others: its streams, its children, its end, the trace of its failure. Standard library only."""
