"""What writes and checks parts of the pages in docs/: tables from benches, options and refusals from the code."""
