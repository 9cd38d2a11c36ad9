"""What is drawn over the clip: hands, their boxes, and a strip of what is known on each frame."""
