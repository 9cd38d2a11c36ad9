"""What is installed, and the buttons that install the rest."""
