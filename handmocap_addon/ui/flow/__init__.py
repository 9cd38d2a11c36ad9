"""The stages at a glance, and the one button that goes on."""
