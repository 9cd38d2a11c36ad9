"""The estimator: from the clip to hand_poses.npz, in a child process."""
