"""What this process is for others: its streams, its children, the trace of its failure. Standard library only."""
