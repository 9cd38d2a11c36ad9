"""Files that are whole or not there, and readers that run nothing of what they read. They know no subject."""
